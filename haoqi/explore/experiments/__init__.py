"""Running a plan: training data, fit, cross-validation, ensembles, distillation and the final fit."""
