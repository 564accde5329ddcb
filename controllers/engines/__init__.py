"""The two QP engines, and the look at the optimality conditions that neither of them is spared."""
