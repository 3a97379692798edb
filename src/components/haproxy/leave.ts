import { getRequest } from '../../clients/patroni/api.ts';
import type { Leaving } from '../component.ts';
import type { HaproxySettings } from './settings.ts';

export const leaving: Leaving<HaproxySettings> = {
  request: ({ statsPort }, address) => getRequest({ address, port: statsPort }, '/'),
  stop: (host) => ({
    what: `HAProxy on ${host} is stopped for good`,
    done: `HAProxy on ${host} is stopped`,
    disrupts: `sessions through HAProxy on ${host}`,
  }),
};
