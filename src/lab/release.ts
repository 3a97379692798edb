import type { DebianRelease } from '../components/component.ts';

/** Debian's suites that hosts of the lab are made of, by release. */
export const suites: Readonly<Record<DebianRelease, string>> = { 12: 'bookworm', 13: 'trixie' };

export const defaultRelease: DebianRelease = '13';
