# SPDX-License-Identifier: MIT
"""How slow a busy host is."""

import os
import sys
import unittest
import unittest.mock

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import load                 # noqa: E402


class Slowness(unittest.TestCase):
    """Of hosts that are made up."""

    def slowness(self, wanting, cores):
        """Of a host on which so many processes want a processor."""
        with unittest.mock.patch("os.getloadavg", lambda: (wanting, 0.0, 99.0)), \
                unittest.mock.patch("os.cpu_count", lambda: cores):
            return load.slowness()

    def test_an_idle_host_is_not_fast(self):
        self.assertEqual(self.slowness(0.1, 2), 1)
        self.assertEqual(self.slowness(2, 2), 1)

    def test_each_further_process_takes_its_share(self):
        self.assertEqual(self.slowness(10, 2), 5)
        self.assertEqual(self.slowness(10, 1), 10)

    def test_a_host_may_not_say_how_many_cores_it_has(self):
        self.assertEqual(self.slowness(3, None), 3)


if __name__ == "__main__":
    unittest.main()
