import { quote } from './quote.ts';

/**
 * Defines `patiently`, which runs what needs a lock of apt's or dpkg's: as long as somebody else has that it tries again,
 * and of another failure it says why. apt waits by itself for one of its locks only, and dpkg for none.
 */
export function patience(seconds: number): string {
  return `o=$(mktemp); restore() { :; }; trap 'restore; rm -f -- "$o"' EXIT
limit=$(($(date +%s) + ${seconds}))
patiently() {
while :; do
"$@" </dev/null >"$o" 2>&1 && return 0; s=$?
grep -q 'Could not get lock\\|lock.* by another process' "$o" && [ "$(date +%s)" -lt "$limit" ] || break
sleep 1
done
perl -0777 -ne ${quote(reasons)} "$o" >&2
return $s; }`;
}

/**
 * Of what apt and dpkg say the lines with the reason: a package's own last words before dpkg's error; what stands in the
 * way, and apt's errors; or else the end. Four lines are shown.
 */
const reasons = String.raw`my @why;
if (/((?:.*\n){0,2})^(dpkg: error.*\n(?: .*\n)?)/m) { @why = split /\n/, "$1$2" }
else {
  while (/^(?:WARNING: )?(The following .*(?:unmet dependencies:|will be changed:|DOWNGRADED:|authenticated!|essential .*)\n(?: .*\n)+)/mg) { my $s = $1; $s =~ s/\s+/ /g; $s =~ s/ $//; push @why, $s }
  push @why, /^(E: .*)/mg;
}
@why = (split /\n/)[-4 .. -1] if !@why;
print map { defined && "$_\n" } @why[0 .. 3];`;
