#!/usr/bin/python3
"""Runs ansible-inventory, ansible and ansible-playbook many times without starting Python anew for each.

Reads JSON lines {"program": ..., "args": [...]} and answers each with {"status", "stdout", "stderr"}. No ansible.cfg, no
variable of the environment and no group_vars of the current folder count.
"""
import json
import os
import sys
import tempfile

home = tempfile.mkdtemp()
os.chdir(home)
os.environ.clear()
os.environ.update(HOME=home, PATH="/usr/bin:/bin", LC_ALL="C.UTF-8", ANSIBLE_NOCOLOR="1", ANSIBLE_PIPELINING="1")

from ansible.cli.adhoc import AdHocCLI  # noqa: E402
from ansible.cli.inventory import InventoryCLI  # noqa: E402
from ansible.cli.playbook import PlaybookCLI  # noqa: E402

programs = {"ansible-inventory": InventoryCLI, "ansible": AdHocCLI, "ansible-playbook": PlaybookCLI}


def run(program, args, out, err):
    """In a child of its own: what Ansible has read stays in its memory."""
    child = os.fork()
    if child == 0:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            programs[program].cli_executor([program, *args])
        except SystemExit as end:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(end.code or 0))
        os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


for line in sys.stdin:
    request = json.loads(line)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status = run(request["program"], request["args"], out, err)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    print(json.dumps({"status": status, "stdout": texts[0], "stderr": texts[1]}), flush=True)
