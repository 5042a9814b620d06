"""Reads pairs of WAV files (16 kHz) from standard input, "reference<TAB>degraded" a line, and writes the MOS-LQO of each by ViSQOL in speech mode."""
import sys

from visqol import VisqolApi

api = VisqolApi()
api.create(mode="speech")
for line in sys.stdin:
    reference, degraded = line.rstrip("\n").split("\t")
    print(f"{api.measure(reference, degraded).moslqo:.3f}", flush=True)
