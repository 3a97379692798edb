import { describe, expect, test } from 'vitest';
import { watchdog } from '../../../../src/components/watchdog/index.ts';
import { faultsAfter, names, topology, type SeenCluster } from '../seen-cluster.ts';

const withMode = (mode: string) =>
  topology.with(watchdog, { settings: { ...topology.of(watchdog).settings, mode } });

describe('the probes show', () => {
  test.each<[string, (cluster: SeenCluster) => void, string[]]>([
    [
      'a watchdog that nobody holds, or with another timeout',
      (cluster) => {
        cluster.of('watchdog', 'n1').watchdog = { state: 'active', timeout: 60 };
        cluster.of('watchdog', 'n2').watchdog = { state: 'active', timeout: 25 };
        cluster.of('watchdog', 'n3').watchdog = undefined;
      },
      ['fail watchdog (n1): active, 60 s', 'fail watchdog (n2): active', 'fail watchdog (n3): no device'],
    ],
  ])('%s', (_, spoil, faults) => {
    expect(faultsAfter(spoil)).toEqual(faults);
  });

  test('a host that is out of reach has no watchdog row', () => {
    const away = (cluster: SeenCluster) =>
      Object.assign(cluster.of('watchdog', 'n1'), { reached: false, watchdog: undefined });
    expect(faultsAfter(away)).toEqual([]);
  });

  test('less where the inventory asks for less', () => {
    const inContainers = (cluster: SeenCluster) =>
      names.forEach((name) =>
        Object.assign(cluster.of('watchdog', name), { container: true, watchdog: undefined }),
      );
    expect(faultsAfter(inContainers)).toEqual(['warn watchdog (n1): none: it runs in a container']);
    const none = (cluster: SeenCluster) => (cluster.of('watchdog', 'n1').watchdog = undefined);
    expect(faultsAfter(none, withMode('automatic'))).toEqual(['warn watchdog (n1): no device']);
    expect(faultsAfter(none, withMode('off'))).toEqual([]);
  });
});
