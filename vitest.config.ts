import { defineConfig } from 'vitest/config';

/** Suites by what they need: nothing, dist/ and other shells, Ansible, a lab host, an sshd in a namespace, a whole cluster in the lab. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/modules/*.test.ts'],
          // A thousand cases of a property take a while on a machine that has other things to do.
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'install',
          include: ['test/install/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'ansible',
          include: ['test/ansible/**/*.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 600_000,
          // Clusters mostly wait. Each worker has a lab of its own.
          maxWorkers: 2,
        },
      },
    ],
  },
});
