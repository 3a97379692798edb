import { decodeText } from '../core/text.ts';
import { portionsOf, quote, quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type FactRecord, type Need } from './need.ts';
import { needChangeTime, needPath } from './path.ts';

/** Larger files are compared by digest, and their differences not shown. */
export const largestShownFile = 256 * 1024;

/** SHA-256 of a file's content, hexadecimal, links followed; undefined for anything but a readable file. */
export function needDigest(path: string): Need<string | undefined> {
  return { kind: 'digest', key: checkKey(path), parse: (records) => records[0]?.[0] };
}

/**
 * A file's text. With a digest it is brought only if it differs from that, so that a file in sync costs no
 * transfer. undefined when the file is missing, in sync, larger than `largestShownFile` bytes, or no text in UTF-8.
 */
export function needContent(path: string, unlessDigest = ''): Need<string | undefined> {
  return { kind: 'content', key: checkKey(path), args: unlessDigest, parse: parseContent };
}

function parseContent(records: readonly FactRecord[]): string | undefined {
  const encoded = records[0]?.[0];
  return encoded === undefined ? undefined : decodeText(Buffer.from(encoded, 'base64'));
}

/** All that is known of a path. */
export function factsOfPath(path: string): Need<unknown>[] {
  return [needPath(path), needDigest(path), needContent(path), needChangeTime(path)];
}

export const contentCollector: Collector = {
  kinds: ['digest', 'content'],
  // Brought only where it differs, so that its absence says nothing; the digest beside it is guarded.
  unguarded: ['content'],
  script(needs) {
    const digests = new Set(needs.filter(({ kind }) => kind === 'digest').map(({ key }) => key));
    const contents = new Map<string, Set<string>>();
    for (const { kind, key, args = '' } of needs) {
      if (kind === 'content') contents.set(key, (contents.get(key) ?? new Set()).add(args));
    }
    if (contents.size === 0) return digestScript([...digests]);
    const lines = [...new Set([...digests, ...contents.keys()])].map((path) => {
      const [digest = '', ...others] = contents.get(path) ?? [];
      const asked = `${digests.has(path) ? 'd' : ''}${contents.has(path) ? 'c' : ''}`;
      return `${asked} ${others.length === 0 ? digest : ''} ${path}`;
    });
    return `perl -e ${quote(contentProgram)} 2>/dev/null <<'asked' || exit 9\n${lines.join('\n')}\nasked`;
  },
};

// A pipe, a device and the like are never opened: they may give nothing, or no end. GNU sha256sum escapes names that hold a backslash, and begins such a line with one.
function digestScript(paths: readonly string[]): string {
  const portions = portionsOf(paths).map((some) => `sum ${quoteAll(some)}`);
  return `sum() {
for p; do [ -f "$p" ] || [ ! -e "$p" ] || break; done
[ -f "$p" ] || [ ! -e "$p" ] || for p; do shift; [ ! -f "$p" ] || set -- "$@" "$p"; done
[ $# = 0 ] || sha256sum -- "$@" 2>/dev/null; [ $? -lt 126 ] || echo !
}
{ ${portions.join('\n')}
} | sed '/^!$/q9;/^\\\\/{s///;s/\\\\\\\\/\\\\/g;}
s/^\\([0-9a-f]*\\)  \\(.*\\)$/digest	\\2	\\1/' || exit 9`;
}

/**
 * Digests and contents in one pass, with two processes for any number of files: what is asked of a file, the digest with
 * which its content is not wanted, and its path, a line each. Perl is Essential; its pack knows uuencode, which is base64
 * but for the alphabet, the length before each line, and the end.
 */
const contentProgram = `while (<STDIN>) { chomp; my ($asked, $known, $path) = split / /, $_, 3; $file{$path} = [$asked, $known]; push @paths, $path if -f $path }
while (@paths) {
my @some; my $size = 0; while (@paths && $size < 1e6) { $size += length $paths[0]; push @some, shift @paths }
open my $sums, "-|", "sha256sum", "--", @some or exit 9;
while (<$sums>) {
  chomp; my $escaped = s/^\\\\//; my ($sum, $path) = split /  /, $_, 2; $path =~ s/\\\\\\\\/\\\\/g if $escaped;
  my ($asked, $known) = @{$file{$path} or next};
  print "digest\\t$path\\t$sum\\n" if $asked =~ /d/;
  next if $asked !~ /c/ or $sum eq $known;
  open my $in, "<:raw", $path or next; read $in, my $text, ${largestShownFile} + 1;
  next if length $text > ${largestShownFile};
  my $code = pack "u", $text; $code =~ s/^.//mg; $code =~ tr/\\n//d; $code =~ tr{\` -_}{AA-Za-z0-9+/};
  my $end = -length($text) % 3; substr($code, -$end) = "=" x $end if $end;
  print "content\\t$path\\t$code\\n";
}
close $sums; exit 9 if $? & 127;
}`;
