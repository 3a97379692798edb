import { createHash } from 'node:crypto';
import { quote } from '../shell/quote.ts';
import { decodeBase64, type Collector, type Need } from './need.ts';

/** What a script printed, and how it ended. */
export interface ScriptFact {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script that only reads, for what no collector gathers. Costs some processes of its own, each time. */
export function needScript(script: string): Need<ScriptFact> {
  return needOutput('script', script);
}

/** What a playbook's own command prints. Nobody knows what it looks at: after any change it is not known any more. */
export function needRead(script: string): Need<ScriptFact> {
  return needOutput('read', script);
}

function needOutput(kind: 'script' | 'read', script: string): Need<ScriptFact> {
  return {
    kind,
    key: createHash('sha256').update(script).digest('hex').slice(0, 32),
    args: script,
    parse(records) {
      const [stdout = '', status = '', stderr = ''] = records[0] ?? [];
      return { status: Number(status || 1), stdout: decodeBase64(stdout), stderr: decodeBase64(stderr) };
    },
  };
}

export const scriptCollector = outputCollector('script');
export const readCollector = outputCollector('read');

function outputCollector(kind: 'script' | 'read'): Collector {
  return { kinds: [kind], script: (needs) => outputScript(kind, needs) };
}

const outputScript = (kind: string, needs: readonly Need<unknown>[]) => `s() {
printf '${kind}\\t%s\\t' "$1"
e=$( { o=$( ( eval "$2" ) </dev/null ); r=$?; { printf %s "$o" | base64 -w0; printf '\\t%s' "$r"; } >&3; } 2>&1; echo . )
e=\${e%.}
[ -z "$e" ] || e=$(printf %s "$e" | base64 -w0)
printf '\\t%s\\n' "$e"
}
{
${needs.map((need) => `s ${need.key} ${quote(need.args ?? '')}`).join('\n')}
} 3>&1`;
