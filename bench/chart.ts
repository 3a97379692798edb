import type { Comparison } from './compare.ts';
import { drover } from './tools.ts';

const width = 760;
const labels = 190;
const bar = 18;
const gap = 34;

/** Bars of the medians, each comparison with a scale of its own, as SVG. */
export function chart(comparisons: readonly Comparison[]): string {
  let y = 0;
  const parts = comparisons.map(({ title, rows }) => {
    const longest = Math.max(...rows.map(({ seconds }) => seconds));
    const heading = `<text x="0" y="${(y += gap)}" class="title">${escape(title)}</text>`;
    const bars = rows.map(({ name, seconds }) => {
      y += bar + 4;
      const length = Math.max(1, ((width - labels - 90) * seconds) / longest);
      const middle = y - 5;
      return `<text x="${labels - 8}" y="${middle}" text-anchor="end">${escape(name)}</text>
<rect x="${labels}" y="${y - bar}" width="${length.toFixed(1)}" height="${bar}" class="${name === drover ? 'own' : 'other'}"/>
<text x="${(labels + length + 6).toFixed(1)}" y="${middle}">${seconds.toFixed(2)} s</text>`;
    });
    return [heading, ...bars].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 10}" font-family="sans-serif" font-size="13">
<style>
text { fill: #57606a } .title { font-weight: bold } .own { fill: #1a7f5a } .other { fill: #b8bec5 }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9 } .own { fill: #3fb98a } .other { fill: #4d555e } }
</style>
${parts.join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
