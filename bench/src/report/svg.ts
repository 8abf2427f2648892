import { parse, type Spec, View } from 'vega'

/** Names that every system has a font for; the SVG names them, and nothing measures them. */
const FONT = 'Helvetica, Arial, sans-serif'

/** What all plots have in common: a background of their own, since pages are white or dark. */
export const look = {
  autosize: 'none',
  background: '#ffffff',
  config: {
    axis: {
      domainColor: '#8c959f',
      tickColor: '#8c959f',
      gridColor: '#e6e9ec',
      labelColor: '#424a53',
      titleColor: '#424a53',
      labelFont: FONT,
      titleFont: FONT,
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal',
    },
    text: { font: FONT, fontSize: 11, fill: '#24292f' },
  },
} as const satisfies Partial<Spec>

/** Texts at the top left. A title of Vega would be placed by the bounds of what is drawn, and so by how wide text is. */
export function heading(
  title: string,
  subtitle: string,
  { left, top }: { readonly left: number; readonly top: number },
): NonNullable<Spec['marks']> {
  const x = { value: 12 - left }
  return [
    {
      type: 'text',
      encode: { enter: { x, y: { value: 24 - top }, text: { value: title }, fontSize: { value: 14 }, fontWeight: { value: 'bold' } } },
    },
    { type: 'text', encode: { enter: { x, y: { value: 41 - top }, text: { value: subtitle }, fill: { value: '#57606a' } } } },
  ]
}

/** The same bytes for the same plot. */
export async function svgOf(spec: Spec): Promise<string> {
  const view = new View(parse(spec), { renderer: 'none' })
  try {
    return `${await view.toSVG()}\n`
  } finally {
    view.finalize()
  }
}
