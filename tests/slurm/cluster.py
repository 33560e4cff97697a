"""A SLURM of one node on loopback: munged, slurmctld and slurmd, with all that they write in one folder."""

import contextlib
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
# Jobs are planned on as many cores as a node of a cluster has, whatever this machine has.
CPUS, MEMORY_MB, GPU_MODEL = 16, 64_000, "imaginary"

SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
# A job that goes back into the queue waits until its credential has expired.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
# A job that is younger than the sum of these is believed to be starting still when its node does not know it.
BatchStartTimeout=2
MessageTimeout=5
ReturnToService=2
KillWait=2
MinJobAge=86400
GresTypes=gpu
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{model}:2
PartitionName=cpu Nodes=node Default=YES
PartitionName=gpu Nodes=node
PartitionName=urgent Nodes=node PriorityTier=10
"""
GRES_CONF = """\
NodeName=node Name=gpu Type={model} File=/dev/null
NodeName=node Name=gpu Type={model} File=/dev/zero
"""
CGROUP_CONF = """\
CgroupPlugin=cgroup/v1
IgnoreSystemd=yes
"""


def why_not(commands: Sequence[str] = (*DAEMONS, "sbatch"), packages: str = "slurm-wlm munge") -> str | None:
    """Why a cluster cannot be started on this machine, if so."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        return f"{', '.join(missing)} not installed: apt-get install {packages}"
    return None if os.geteuid() == 0 else "the daemons of a SLURM of one's own are started as root"


def wait_for(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Returns when ``condition()`` is true; raises ``TimeoutError`` with ``what`` after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.1)


class Cluster:
    """One node with partitions ``cpu``, ``gpu`` and ``urgent``, which preempts the others; no accounting database."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: dict[str, subprocess.Popen] = {}
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Writes the configuration and starts the daemons; returns when the node is idle."""
        for name in ("bin", "munge", "state", "spool"):
            (self.folder / name).mkdir()
        for folder in (self.folder, self.folder / "munge"):
            folder.chmod(0o755)  # munged insists on a socket that all can reach
        values = {"host": socket.gethostname().split(".")[0], "ports": free_ports(2), "folder": self.folder}
        values |= {"cpus": CPUS, "memory": MEMORY_MB, "model": GPU_MODEL}
        for name, text in (("slurm", SLURM_CONF), ("gres", GRES_CONF), ("cgroup", CGROUP_CONF)):
            (self.folder / f"{name}.conf").write_text(text.format(**values))
        # Snakemake's job steps forget SLURM_CONF, and this SLURM is not where SLURM looks otherwise.
        srun = self.folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.environment["SLURM_CONF"]} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        munge = self.folder / "munge"
        (munge / "key").write_bytes(secrets.token_bytes(1024))
        (munge / "key").chmod(0o400)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self.daemon("munged", "--foreground", *(f"--{option}={munge / name}" for option, name in files.items()))
        wait_for((munge / "socket").exists, "munged made no socket", 20)
        self.start_controller()
        self.start_node()

    def start_controller(self) -> None:
        """Starts slurmctld."""
        self.daemon("slurmctld", "-D")

    def start_node(self) -> None:
        """Starts slurmd; returns when jobs can run."""
        self.daemon("slurmd", "-D", "-N", "node")
        wait_for(lambda: "State=IDLE " in self.node() or "State=MIXED " in self.node(), "the node did not come up", 60)

    def stop(self) -> None:
        """Ends all jobs and daemons."""
        self.run("scancel", "--user=root", check=False)
        with contextlib.suppress(TimeoutError):
            # Completing jobs count: a step that cannot tell the controller of its end would stay for minutes.
            wait_for(lambda: not self.run("squeue", "--noheader", check=False), "jobs did not end", 30)
        kill(self.job_processes())
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *command: str, check: bool = True) -> str:
        """What a SLURM command prints."""
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert run.returncode == 0 or not check, f"{' '.join(command)}: {run.stderr}"
        return run.stdout

    def node(self) -> str:
        """The state of the node, as ``scontrol`` shows it."""
        return self.run("scontrol", "show", "node", "node", check=False)

    def jobs(self) -> dict[int, dict[str, str]]:
        """Id → fields of ``scontrol show job``, of all jobs that there have been."""
        lines = self.run("scontrol", "show", "job", "--oneliner").splitlines()
        jobs = [dict(re.findall(r"(\S+?)=(.*?)(?=\s+\S+?=|\s*$)", line)) for line in lines if "JobId" in line]
        return {int(job["JobId"]): job for job in jobs}

    def script(self, job: int) -> str:
        """The script that a job was submitted with."""
        return self.run("scontrol", "write", "batch_script", str(job), "-")

    def restart_node(self) -> None:
        """Kills slurmd and all that it had started, at once, as a power cut would, and starts it again."""
        self.processes["slurmd"].kill()
        self.processes["slurmd"].wait()
        while processes := self.job_processes():
            kill(processes)
        time.sleep(8)  # more than BatchStartTimeout + MessageTimeout
        self.start_node()

    def job_processes(self) -> set[int]:
        """The processes of this cluster's jobs, and SLURM's own that watch over them."""
        found = set()
        marks = (f"SLURM_CONF={self.folder / 'slurm.conf'}".encode(), b"SLURM_JOB_ID=")
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                if marks[0] in environment and any(variable.startswith(marks[1]) for variable in environment):
                    found |= {int(entry.name), *watcher(entry)}
            except OSError:  # it has ended, or is not ours to look at
                continue
        return found

    def daemon(self, name: str, *arguments: str) -> None:
        """Starts a program that stays until ``stop``; what it prints is in ``{name}.log``."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [name, *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )


def end_with_parent() -> None:
    """Lets the kernel end this process when the one that started it is gone, killed tests included."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def watcher(process: Path) -> set[int]:
    """The parent of a process in ``/proc``, if that is SLURM's."""
    parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    return {parent} if Path(f"/proc/{parent}/comm").read_text().strip() == "slurmstepd" else set()


def kill(processes: set[int]) -> None:
    """Ends them as if at once: stopped first, none sees another's end and reports it."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


def free_ports(count: int) -> list[int]:
    """TCP ports of loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
