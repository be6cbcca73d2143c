"""What a plan will cost in seconds, from its workload and the measured throughput of this machine."""
