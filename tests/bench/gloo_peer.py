"""Seconds of an all_reduce by torch.distributed's Gloo between two processes over loopback, for exchange_bench.py.

    gloo_peer.py CALLS COUNT...

Prints a line for each count of floats: the count, and the median of its calls in microseconds. A call's time is that of the
slower process, and begins after a barrier, as in exchange_bench.cpp.
"""

import os
import statistics
import sys
import tempfile
import time

import torch
import torch.distributed
import torch.multiprocessing

WARM_UP_CALLS = 10


def seconds_of_calls(count, calls):
    data, found = torch.empty(count), []
    for _ in range(WARM_UP_CALLS + calls):
        data.fill_(1)
        torch.distributed.barrier()
        start = time.perf_counter()
        torch.distributed.all_reduce(data)
        found.append(time.perf_counter() - start)
    slower = torch.tensor(found, dtype=torch.float64)
    torch.distributed.all_reduce(slower, torch.distributed.ReduceOp.MAX)
    return slower[WARM_UP_CALLS:].tolist()


def process(rank, meeting, calls, counts):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    for count in counts:
        median = statistics.median(seconds_of_calls(count, calls))
        if rank == 0:
            print(count, 1e6 * median, flush=True)
    torch.distributed.destroy_process_group()


def main():
    calls, *counts = map(int, sys.argv[1:])
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(process, (f"{folder}/meeting", calls, counts), nprocs=2)


if __name__ == "__main__":
    main()
