import { getRequest } from '../../clients/patroni/api.ts';
import type { Leaving } from '../component.ts';
import type { PatroniSettings } from './settings.ts';

export const leaving: Leaving<PatroniSettings> = {
  request: ({ restPort }, address) => getRequest({ address, port: restPort }, '/patroni'),
  stop: (host, { serves }) => ({
    what: `Patroni and PostgreSQL on ${host} are stopped for good`,
    done: `Patroni and PostgreSQL on ${host} are stopped`,
    ...(serves ? { disrupts: `sessions on ${host}` } : {}),
  }),
};
