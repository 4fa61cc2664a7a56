const MEGABYTE = 1_000_000

const repeated = (piece: string) =>
  piece.repeat(Math.ceil(MEGABYTE / piece.length)).slice(0, MEGABYTE)

/** Formatting that is left open in a paragraph is opened again in each that follows. */
export function multiplying(times: number): string {
  const open = Array.from({ length: times }, (_, i) => `<b i=${i}>`).join('')
  return `<p>${open}</p>${'<p>x'.repeat(times)}`
}

/** Texts of a megabyte on which patterns backtrack and parsers multiply. */
export const ENDLESS: Record<string, string> = {
  ...Object.fromEntries(
    ['<', '<!--', '</', '&', '&#', ' ', '\n', '\u2028', '"', 'a ', 'https://', '<link ', 'whsec_']
      .concat([
        '<p>x',
        '<p>x</p>',
        '<div>',
        '<b>x',
        '<b></i>',
        '<b><p></b>',
        '<table>',
        '<ul><li>',
        '<dt><li>',
      ])
      .concat([
        '<td>',
        '<br>',
        '<h2>q?</h2>a',
        '<blockquote>',
        '<body a>',
        '<svg><desc>',
        '<a href=/x>',
      ])
      .concat([
        '<template>',
        '<!-- wp:p -->',
        '<!-- wp:',
        '```\n',
        '<tr><td>x',
        '今日は良い',
        '[',
        '{"a":',
      ])
      .map((piece) => [JSON.stringify(piece), repeated(piece)]),
  ),
  'formatting left open': multiplying(20_000),
  'a long link left open': `<p><a href="https://x.test/${'y'.repeat(100_000)}">${'<p>x'.repeat(200_000)}`,
  'text before a table': `<table>${repeated('<b>x</b>')}`,
  'attributes of one tag': `<p ${Array.from({ length: 120_000 }, (_, i) => `a${i}`).join(' ')}>`,
  'delimiters before one end': `${repeated('<!-- wp:a ').repeat(3)}-->`,
  'captions among lines': `<figure>${repeated('<figcaption></figcaption>')}${repeated('<hr>')}</figure>`,
  'formatting around a paragraph': `${'<span>'.repeat(240)}${repeated('x<br>')}<p>`,
  'a fence without end': `\`\`\`${repeated(' ')}`,
}
