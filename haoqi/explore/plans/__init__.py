"""Plans: what could be tried, the search space they come from, and a proposal to try one."""
