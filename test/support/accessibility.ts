import type { Page } from 'playwright-core'

/**
 * What a page lacks for people who do not see it well or at all: names of controls and pictures, a title and one heading of the
 * first level, no level of headings left out, ids that are there once, and text that stands out from its ground (WCAG 2.2: 4.5 to
 * 1, large text 3 to 1).
 */
export const faultsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const faults: string[] = []
    const visible = (element: Element) =>
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    const textOf = (element: Element | null): string => element?.textContent?.trim() ?? ''
    const short = (element: Element) => element.outerHTML.slice(0, 120)

    const nameOf = (element: Element): string => {
      const by = element.getAttribute('aria-labelledby')
      if (by)
        return by
          .split(' ')
          .map((id) => textOf(document.getElementById(id)))
          .join(' ')
          .trim()
      const labels = (element as HTMLInputElement).labels
      const inner = [...element.querySelectorAll('img[alt]')]
        .map((image) => image.getAttribute('alt'))
        .join(' ')
      return (
        element.getAttribute('aria-label') ||
        (labels ? [...labels].map(textOf).join(' ') : '') ||
        textOf(element) ||
        inner ||
        element.getAttribute('title') ||
        ''
      ).trim()
    }
    const controls =
      'button, a[href], input:not([type=hidden]), select, textarea, summary, dialog, [role=img], table, progress, video'
    for (const element of document.querySelectorAll(controls)) {
      if (!visible(element)) continue
      const name = element.tagName === 'TABLE' ? textOf(element.querySelector('caption')) : nameOf(element)
      if (name === '') faults.push(`no name: ${short(element)}`)
    }
    for (const image of document.images)
      if (!image.hasAttribute('alt')) faults.push(`no alt: ${short(image)}`)

    if (!document.title) faults.push('no title')
    if (!document.documentElement.lang) faults.push('no language')
    const headings = [...document.querySelectorAll('h1, h2, h3, h4')].filter(visible)
    const levels = headings.map(({ tagName }) => Number(tagName[1]))
    if (levels.filter((level) => level === 1).length !== 1) faults.push(`headings of level 1: ${levels}`)
    for (const [i, level] of levels.entries()) {
      if (i > 0 && level > levels[i - 1]! + 1) faults.push(`heading left out before: ${textOf(headings[i]!)}`)
    }
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id twice: ${id}`)

    type Colour = [red: number, green: number, blue: number, alpha: number]
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
    const parse = (text: string): Colour => {
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = text
      canvas.fillRect(0, 0, 1, 1)
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
      return [r!, g!, b!, a! / 255]
    }
    const over = ([r, g, b, a]: Colour, under: Colour): Colour => {
      const mix = (x: number, y: number) => a * x + (1 - a) * y
      return [mix(r, under[0]), mix(g, under[1]), mix(b, under[2]), 1]
    }
    const groundOf = (element: Element | null): Colour => {
      if (!element) return parse(getComputedStyle(document.body).backgroundColor)
      const own = parse(getComputedStyle(element).backgroundColor)
      return own[3] >= 0.999 ? own : over(own, groundOf(element.parentElement))
    }
    const luminance = ([r, g, b]: Colour) => {
      const linear = (value: number) => {
        const share = value / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      }
      return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement!
      if (
        !node.textContent?.trim() ||
        !visible(element) ||
        element.closest(':disabled, .hidden, svg, option')
      )
        continue
      const style = getComputedStyle(element)
      const ground = groundOf(element)
      const [light, dark] = [luminance(over(parse(style.color), ground)), luminance(ground)].sort(
        (a, b) => b - a,
      )
      const ratio = (light! + 0.05) / (dark! + 0.05)
      const size = Number.parseFloat(style.fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (large ? 3 : 4.5))
        faults.push(`contrast ${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 60)}`)
    }
    return faults
  })

/** Presses Tab until an element of a name has the focus, which must be seen; throws where none comes. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = []
  for (let i = 0; i < 150; i++) {
    await page.keyboard.press('Tab')
    const found = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement
      const label = element.labels?.length
        ? [...element.labels].map(({ textContent }) => textContent).join(' ')
        : ''
      const outline = (each: Element | null) =>
        each !== null && getComputedStyle(each).outlineStyle !== 'none'
      return {
        name: (element.getAttribute('aria-label') ?? (label || element.textContent) ?? '').trim(),
        outlined:
          outline(element) || outline(element.nextElementSibling) || outline(element.closest('label')),
      }
    })
    seen.push(found.name)
    if (!name.test(found.name)) continue
    if (!found.outlined) throw new Error(`${found.name} has the focus, and nobody sees it`)
    return
  }
  throw new Error(`no ${name} among ${seen.join(' | ')}`)
}
