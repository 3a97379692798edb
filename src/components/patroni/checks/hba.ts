import { BlockList } from 'node:net';
import type { Diagnostic } from '../../../core/diagnostics.ts';
import { fieldsOf, problemIn, type Given } from '../../check.ts';
import { parseHba, type HbaLine } from './hba-line.ts';

/** The roles as which members and drover itself log in, over the network. */
const ownRoles = ['postgres_superuser_name', 'postgres_replication_name', 'postgres_probe_name'];

/** Methods by which they can. */
const fitting = ['scram-sha-256', 'md5', 'password', 'trust'];

/** Each line is one that PostgreSQL loads and that can match, and none shuts the cluster itself out. */
export function checkHba(given: Given): Diagnostic[] {
  const lines = given.value('postgres_hba_extra');
  if (!Array.isArray(lines)) return [];
  return lines.flatMap((text: unknown, index): Diagnostic[] => {
    const told = (message: string, hint?: string) => [
      problemIn(given, 'postgres_hba_extra', {
        message,
        path: [index],
        ...(hint === undefined ? {} : { hint }),
      }),
    ];
    if (typeof text !== 'string') return told('postgres_hba_extra holds texts, a line of pg_hba.conf each');
    const line = parseHba(text);
    if ('problem' in line)
      return told(`postgres_hba_extra: "${text}" ${line.problem}`.replace('" : ', '": '), line.hint);
    if (line.type === 'hostssl' && !isOn(given, 'ssl')) {
      return told(
        `postgres_hba_extra: "${text}" matches nobody while ssl is off`,
        'set ssl, ssl_cert_file and ssl_key_file in postgres_parameters, or write host',
      );
    }
    const shutOut = shutsOut(given, line);
    if (shutOut === undefined) return [];
    return told(
      `postgres_hba_extra: "${text}" shuts out ${shutOut}, whose own lines stand after these`,
      'give the line the databases, users or addresses that it is about',
    );
  });
}

/** A boolean parameter of PostgreSQL's. */
function isOn(given: Given, name: string): boolean {
  const value = fieldsOf(given.value('postgres_parameters'))[name];
  return value === true || /^(on|true|yes|1)$/i.test(String(value));
}

/** The role and the member that could no longer connect. */
function shutsOut(given: Given, line: HbaLine): string | undefined {
  // Members and drover connect without GSSAPI; without a certificate nobody has to use TLS.
  if (['local', 'hostgssenc', 'hostssl'].includes(line.type) || fitting.includes(line.method))
    return undefined;
  const role = ownRoles.find((variable) => matchesRole(given, line, variable));
  const host = given.hosts.find((name) => covers(line.address ?? '', given.value('internal_address', name)));
  return role !== undefined && host !== undefined ? `${role} from ${host}` : undefined;
}

function matchesRole(given: Given, { databases, users }: HbaLine, variable: string): boolean {
  const name = String(given.value(variable));
  const database = variable === 'postgres_replication_name' ? ['replication'] : ['all', 'postgres'];
  return (
    databases.some((each) => database.includes(unquoted(each))) &&
    users.some((each) => each === 'all' || unquoted(each) === name)
  );
}

function unquoted(name: string): string {
  return name.replaceAll('"', '');
}

function covers(network: string, address: unknown): boolean {
  if (typeof address !== 'string') return false;
  if (['all', 'samenet'].includes(network)) return true;
  const [base = '', bits = ''] = network.split('/');
  if (!/^[\d.]+$/.test(base) || !/^\d+$/.test(bits)) return base === address;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), 'ipv4');
  return list.check(address);
}
