import { expect, it } from 'vitest'
import { escapeHtml } from './page.js'

it('lets names neither make markup nor turn or hide what stands around them', () => {
  expect(escapeHtml('<b>"&\'')).toBe('&lt;b&gt;&quot;&amp;&apos;')
  expect(escapeHtml('a\u202eb\u001b[31mc\u0007')).toBe('a\\u{202e}b\\u{1b}[31mc\\u{7}')
  expect(escapeHtml('Größe 猫\nline')).toBe('Größe 猫\nline')
  expect(escapeHtml('x'.repeat(9000))).toHaveLength(9000)
})
