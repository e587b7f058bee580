"""Answers one question late. CONVT_LATE says how, and whether that is its own fault.

stopped   it is stopped for a while, as by a debugger or a machine that is out of memory
crowded   others take its processor
busy      it computes for long, which is its own fault
"""

import os
import runpy
import signal
import subprocess
import sys
import time

truth = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "truth.py"))
WORK = 0.6  # seconds of a processor
OTHERS = 4


def work(seconds):
    begin = time.thread_time()
    while time.thread_time() - begin < seconds:
        pass


def stopped():
    waker = "import os, signal, sys, time; time.sleep(3); os.kill(int(sys.argv[1]), signal.SIGCONT)"
    subprocess.Popen([sys.executable, "-c", waker, str(os.getpid())])
    os.kill(os.getpid(), signal.SIGSTOP)


def crowded():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(OTHERS)]
    work(WORK)
    for other in others:
        other.kill()


LATE = {"stopped": stopped, "crowded": crowded, "busy": lambda: work(10 * WORK)}


def lower(case, checks):
    if truth["chosen"](case):
        LATE[os.environ["CONVT_LATE"]]()
    return truth["lower"](case, checks)


truth["lie"](lower=lower)
