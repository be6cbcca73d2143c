"""Training on several devices, each with a process of its own that torch starts.

`launch` starts the processes and waits for them. Each of them is a rank: in `worker` it joins the group and does its
work, which is to run a method as one process would, but with the number of devices known. The loop's steps are then
those of `steps`: a rank computes its share of every step's rows, and torch averages the gradients, with
DistributedDataParallel or, where the weights are sharded, with `fully_shard` (`sharding`). What the loop decides by a
clock or a score is decided alike on all ranks (`group`). Rank 0 alone writes: its trained model goes to a folder.
"""
