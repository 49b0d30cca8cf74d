# SPDX-License-Identifier: MIT
"""tools/commit: the commit that a kernel names, with and without git."""

import os
import shutil
import subprocess
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class Commit(unittest.TestCase):
    """A small tree with a copy of the tool."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.top = os.path.join(self.scratch.name, "tree")
        os.makedirs(os.path.join(self.top, "tools"))
        shutil.copy(os.path.join(TOP, "tools", "commit"), os.path.join(self.top, "tools", "commit"))

    def tearDown(self):
        self.scratch.cleanup()

    def git(self, *words, where=None):
        """Run git in the tree; returns what it prints."""
        name = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
        return subprocess.run(["git", *name, *words], cwd=where or self.top, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()

    def commit(self):
        """What the tool prints."""
        return subprocess.run([os.path.join(self.top, "tools", "commit")], check=True, text=True,
                              cwd="/", stdout=subprocess.PIPE).stdout

    def write(self, text):
        """Change a file of the tree."""
        with open(os.path.join(self.top, "file"), "w", encoding="utf-8") as file:
            file.write(text)

    def repository(self, where=None):
        """Make the tree, or the folder, a repository of one commit, with a tag that must not count."""
        self.write("one")
        self.git("init", "-q", where=where)
        self.git("add", "-A", where=where)
        self.git("commit", "-qm", "one", where=where)
        self.git("tag", "v1", where=where)

    def test_a_clean_tree_is_its_commit(self):
        self.repository()
        head = self.git("rev-parse", "HEAD")
        self.assertEqual(self.commit(), head[:12] + "\n")
        self.write("two")
        self.assertEqual(self.commit(), head[:12] + "+\n")
        self.write("one")
        self.assertEqual(self.commit(), head[:12] + "\n")

    def test_without_git_there_is_none(self):
        self.assertEqual(self.commit(), "none\n")

    def test_a_folder_in_another_repository_has_none(self):
        self.repository(self.scratch.name)
        self.assertEqual(self.commit(), "none\n")

    def test_a_repository_without_a_commit_has_none(self):
        self.git("init", "-q")
        self.assertEqual(self.commit(), "none\n")


if __name__ == "__main__":
    unittest.main()
