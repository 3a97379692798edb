/** How a host is reached: over SSH by drover itself or by the program `ssh`, or as the machine that drover runs on. */
export type ConnectionWay = 'ssh' | 'openssh' | 'local';

/** What stands for them; all but openssh are Ansible's names. */
const ways: Readonly<Record<string, ConnectionWay>> = {
  ssh: 'ssh',
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
  openssh: 'openssh',
  local: 'local',
};

export const connectionNames = Object.keys(ways);

/** The way that a name stands for; undefined for one that drover does not have. */
export function connectionWayOf(name: string): ConnectionWay | undefined {
  const plain = name.replace(/^ansible\.(builtin|legacy)\./, '');
  return connectionNames.includes(plain) ? ways[plain] : undefined;
}
