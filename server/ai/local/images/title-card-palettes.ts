/** Colours of a card: `from` and `to` are its ground, `ink` its title, `shapes` what lies behind. */
export type Palette = {
  from: string
  to: string
  ink: string
  /** The label and the bar; readable on the ground. */
  accent: string
  shapes: readonly [string, string, string]
}

export const PALETTES: readonly Palette[] = [
  // Dusk
  {
    from: '#1b1f3b',
    to: '#3a2e5f',
    ink: '#ffffff',
    accent: '#ffc6a5',
    shapes: ['#f2805f', '#6d5bd0', '#2b3a77'],
  },
  // Pine
  {
    from: '#0f2f2b',
    to: '#1d4d43',
    ink: '#fbf7ea',
    accent: '#e9c46a',
    shapes: ['#e9c46a', '#2a9d8f', '#16423b'],
  },
  // Harbour
  {
    from: '#0d2b45',
    to: '#14507a',
    ink: '#ffffff',
    accent: '#8fd8ff',
    shapes: ['#ff9f6b', '#2e86c1', '#0a3a60'],
  },
  // Plum
  {
    from: '#3c1432',
    to: '#6b2350',
    ink: '#fff5f0',
    accent: '#ffc2b4',
    shapes: ['#ff8a73', '#a63d77', '#501a42'],
  },
  // Graphite
  {
    from: '#1c2126',
    to: '#343d46',
    ink: '#ffffff',
    accent: '#f7c948',
    shapes: ['#f7c948', '#5b6b7a', '#272e35'],
  },
  // Linen
  {
    from: '#fbf3e4',
    to: '#f3e2c7',
    ink: '#2b2118',
    accent: '#a8431f',
    shapes: ['#e08e5b', '#e9c596', '#c96f4a'],
  },
  // Mist
  {
    from: '#eef4f7',
    to: '#d5e5ec',
    ink: '#12303f',
    accent: '#0b6a80',
    shapes: ['#7fc1c9', '#b4d6df', '#3f8fa3'],
  },
  // Meadow
  {
    from: '#f3f7e9',
    to: '#dcebc4',
    ink: '#1f3317',
    accent: '#3f6b1d',
    shapes: ['#9cc46a', '#c5dd9c', '#6d9d45'],
  },
  // Blush
  {
    from: '#fdf1ef',
    to: '#f8dcd8',
    ink: '#3a1620',
    accent: '#a92f4b',
    shapes: ['#f0a3a0', '#f6c9c2', '#d76f7d'],
  },
  // Lilac
  {
    from: '#f4f1fb',
    to: '#dfd8f3',
    ink: '#251a45',
    accent: '#5a3fb0',
    shapes: ['#a794e0', '#cabfee', '#7b64c9'],
  },
]
