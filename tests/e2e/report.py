# SPDX-License-Identifier: Apache-2.0
"""What a test prints: a line for each check."""

import sys


class Report:
    """Prints a line for each check and remembers whether one failed."""

    def __init__(self):
        self.failed = 0
        self.passed = 0

    def check(self, name, problems, evidence=()):
        """Passed if there are no problems; else they and the evidence are printed."""
        if not problems:
            self.passed += 1
            print(f"ok   {name}", flush=True)
            return
        self.failed += 1
        print(f"FAIL {name}")
        for line in problems:
            print(f"     {line}")
        for line in list(evidence)[:40]:
            print(f"       | {line}")
        sys.stdout.flush()
