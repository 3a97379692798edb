import { statusRequest } from '../../clients/etcd.ts';
import { recordFile } from '../../modules/etcd-member/schema.ts';
import type { Leaving } from '../component.ts';
import type { EtcdSettings } from './settings.ts';

// Where playbooks/etcd/ writes the data directory.
const settingsFile = '/etc/default/etcd';

/** A removed member's data can never start again. It is kept beside, with the host's record of the cluster taken back. */
export const leaving: Leaving<EtcdSettings> = {
  request: ({ clientPort }, address) => statusRequest({ address, port: clientPort }),
  keepsScript: `[ ! -e ${recordFile} ] || sed -n 's/^ETCD_DATA_DIR=//p' ${settingsFile}`,
  stop: (host, { kept }) => ({
    what:
      kept === undefined
        ? `etcd on ${host} is stopped for good`
        : `etcd on ${host} is stopped for good, and its data moved to ${kept}.removed-TIME`,
    done: `etcd on ${host} is stopped, its data out of the way`,
    script: `dir=$(sed -n 's/^ETCD_DATA_DIR=//p' ${settingsFile})
if [ -e ${recordFile} ] && [ -n "$dir" ] && [ -e "$dir" ]; then
  mv -- "$dir" "$dir.removed-$(date -u +%Y%m%dT%H%M%SZ)"
fi
rm -f ${recordFile}`,
  }),
};
