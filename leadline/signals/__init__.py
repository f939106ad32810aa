"""The signals as PromQL: instruments, series names, latency, throughput, errors, cost, saturation and burn rates. Pure."""
