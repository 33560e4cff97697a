"""The same SLURM with an accounting database: slurmdbd, and MariaDB behind it."""

import subprocess

from cluster import DAEMONS, Cluster, free_ports, wait_for

COMMANDS = (*DAEMONS, "sbatch", "slurmdbd", "mariadbd", "mariadb-install-db")
PACKAGES = "slurm-wlm munge slurmdbd mariadb-server"

SLURMDBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={ports[0]}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={ports[1]}
StorageUser=slurm
StoragePass=slurm
StorageLoc=accounting
PidFile={folder}/slurmdbd.pid
"""
IN_SLURM_CONF = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports[0]}
AccountingStoragePass={folder}/munge/socket
"""
FIRST_SQL = """\
CREATE DATABASE accounting;
CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
CREATE USER 'slurm'@'localhost' IDENTIFIED BY 'slurm';
GRANT ALL ON accounting.* TO 'slurm'@'127.0.0.1';
GRANT ALL ON accounting.* TO 'slurm'@'localhost';
"""


class AccountedCluster(Cluster):
    """A cluster whose ``sacct`` knows its jobs."""

    def start_controller(self) -> None:
        """Starts MariaDB, slurmdbd and slurmctld."""
        values = {"folder": self.folder, "ports": free_ports(2)}
        self._start_database(values["ports"][1])
        slurmdbd = self.folder / "slurmdbd.conf"
        slurmdbd.write_text(SLURMDBD_CONF.format(**values))
        slurmdbd.chmod(0o600)
        with open(self.folder / "slurm.conf", "a") as stream:
            stream.write(IN_SLURM_CONF.format(**values))
        self.daemon("slurmdbd", "-D")
        wait_for(self._registered, "slurmdbd did not answer", 60)
        super().start_controller()

    def _start_database(self, port: int) -> None:
        data, socket, first = (self.folder / name for name in ("database", "database.sock", "first.sql"))
        common = ["--no-defaults", f"--datadir={data}", "--user=root"]
        subprocess.run(["mariadb-install-db", *common, "--skip-test-db"], check=True, capture_output=True)
        first.write_text(FIRST_SQL)
        where = [f"--socket={socket}", f"--port={port}", "--bind-address=127.0.0.1"]
        self.daemon("mariadbd", *common, *where, f"--init-file={first}", f"--pid-file={self.folder / 'database.pid'}")
        wait_for(socket.exists, "MariaDB made no socket", 60)

    def _registered(self) -> bool:
        """Whether slurmdbd knows the cluster, which this tells it."""
        self.run("sacctmgr", "--immediate", "add", "cluster", "test", check=False)
        return "test" in self.run("sacctmgr", "--noheader", "--parsable2", "show", "cluster", check=False)
