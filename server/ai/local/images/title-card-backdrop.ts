import type { Choice } from '../seeded-choice.ts'
import type { Palette } from './title-card-palettes.ts'

/** Pixels; what every provider is asked for. */
export const CARD = { width: 1536, height: 1024 }

const { width: W, height: H } = CARD

/**
 * The ground and the shapes behind a title, as SVG elements. The middle stays calm, for the title;
 * what is at the sides may be cropped away.
 */
export function drawBackdrop(palette: Palette, choice: Choice): string {
  const [x2, y2] = choice.pick([
    [1, 1],
    [0, 1],
    [1, 0.4],
  ] as const)
  const ground = `<linearGradient id="ground" x1="0" y1="0" x2="${x2}" y2="${y2}">
    <stop offset="0" stop-color="${palette.from}"/><stop offset="1" stop-color="${palette.to}"/>
  </linearGradient>`
  const shapes = choice.pick([rings, hills, discs, tiles, ribbons])(palette, choice)
  const flip = choice.pick(['', `transform="translate(${W} 0) scale(-1 1)"`])
  return `<defs>${ground}</defs><rect width="${W}" height="${H}" fill="url(#ground)"/><g ${flip}>${shapes}</g>`
}

type Shapes = (palette: Palette, choice: Choice) => string

/** Circles around two opposite corners. */
const rings: Shapes = ({ shapes: [a, b, c] }, choice) => {
  const step = choice.pick([58, 70, 84])
  const around = (x: number, y: number, color: string, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const opacity = 0.6 - (i * 0.45) / count
      return `<circle cx="${x}" cy="${y}" r="${step * (i + 1.5)}" fill="none" stroke="${color}"
        stroke-width="${step * 0.36}" opacity="${opacity}"/>`
    }).join('')
  return `${disc(0, H, step * 0.9, a, 0.95)}${around(0, H, a, 5)}
    ${disc(W, 0, step * 0.9, b, 0.95)}${around(W, 0, b, 4)}
    ${disc(W * 0.93, H * 0.9, 34, c, 0.8)}`
}

/** A sun beside the title, and hills below it. */
const hills: Shapes = ({ shapes: [a, b, c] }, choice) => {
  const crest = choice.pick([0, 30, -30])
  const sun = `${disc(1345, 235, 180, a, 0.16)}${disc(1345, 235, 128, a, 0.9)}`
  const far = `M0 ${800 + crest} C 260 ${690 - crest} 420 890 770 868 S 1290 ${700 + crest} ${W} 770 V ${H} H 0 Z`
  const middle = `M0 ${900 - crest} C 240 960 520 830 820 905 S 1300 ${940 + crest} ${W} 860 V ${H} H 0 Z`
  const near = `M0 990 C 330 900 640 985 900 968 S 1330 900 ${W} 965 V ${H} H 0 Z`
  return `${sun}<path d="${far}" fill="${c}" opacity="0.45"/>
    <path d="${middle}" fill="${b}" opacity="0.6"/><path d="${near}" fill="${a}" opacity="0.75"/>`
}

/** Large overlapping circles at the edges. */
const discs: Shapes = ({ shapes: [a, b, c] }, choice) => {
  const lift = choice.pick([-60, 0, 60])
  return [
    disc(60, 150 + lift, 330, c, 0.55),
    disc(300, -40, 210, b, 0.6),
    disc(130, 905 + lift, 120, a, 0.9),
    disc(W - 40, 860 + lift, 360, b, 0.55),
    disc(W - 290, H + 40, 220, c, 0.6),
    disc(W - 150, 180 + lift, 92, a, 0.9),
    disc(W - 262, 104 + lift, 26, b, 0.9),
  ].join('')
}

/** Quarter circles on a grid, in columns at both sides. */
const tiles: Shapes = ({ shapes, to }, choice) => {
  const side = H / 8
  const columns = [0, 1, W / side - 2, W / side - 1]
  const drawn = columns.flatMap((column) =>
    Array.from({ length: 8 }, (_, row) => {
      const x = column * side
      const color = choice.pick([...shapes, to])
      const corner = choice.pick([0, 90, 180, 270, 'disc', 'none'] as const)
      if (corner === 'none') return ''
      if (corner === 'disc')
        return disc(x + side / 2, row * side + side / 2, side / 3.2, color, 0.9)
      return `<path d="M0 0 H ${side} A ${side} ${side} 0 0 1 0 ${side} Z" fill="${color}" opacity="0.9"
        transform="translate(${x} ${row * side}) rotate(${corner} ${side / 2} ${side / 2})"/>`
    }),
  )
  return drawn.join('')
}

/** Slanted bands over two corners. */
const ribbons: Shapes = ({ shapes: [a, b, c] }, choice) => {
  const slant = choice.pick([-38, -45, -52])
  const band = (x: number, y: number, thick: number, color: string, opacity: number) =>
    `<rect x="${x - 700}" y="${y - thick / 2}" width="1400" height="${thick}" rx="${thick / 2}"
      fill="${color}" opacity="${opacity}" transform="rotate(${slant} ${x} ${y})"/>`
  return [
    band(40, 60, 170, b, 0.55),
    band(170, 150, 64, a, 0.9),
    band(110, 330, 30, c, 0.8),
    band(W - 40, H - 60, 190, c, 0.6),
    band(W - 190, H - 150, 56, b, 0.85),
    band(W - 90, H - 330, 34, a, 0.9),
  ].join('')
}

function disc(x: number, y: number, radius: number, color: string, opacity: number): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${color}" opacity="${opacity}"/>`
}
