"""Measures speed, memory and accuracy of diffmst beside other software, in one run: `python -m bench`."""

import os

# As the command line does, and before torch and numpy are loaded: threads that wait by spinning take the processor from
# those they wait for. Every contender runs under the same policy.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
