import { escapeHtml } from './escape-html.js'

const css = `
:root{color-scheme:light dark;--ink:#1c1e21;--soft:#5b6168;--line:#d9dce0;--paper:#fff;--tint:#f3f6f9;--accent:#0072b2}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3a9b1;--line:#3a3f46;--paper:#17191c;--tint:#20242a;--accent:#56b4e9}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:760px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:1.8rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.2rem;margin:40px 0 12px;padding-top:16px;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:24px 0 8px}
.note,header p,figcaption{color:var(--soft);margin:4px 0 12px}
figure{margin:12px 0;overflow-x:auto}
figure svg{max-width:100%;height:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;max-width:100%}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:500}
th[scope=row]{font-weight:500}
.figures td,.figures thead th:not(:first-child){text-align:right;white-space:nowrap}
.best{background:var(--tint)}.best td,.best th{font-weight:700}
small{color:var(--soft);font-weight:400}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:0}
.legend span{display:inline-block;width:12px;height:12px;margin-right:6px;border-radius:2px}
.samples{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:16px;padding:0}
.samples>li{background:var(--tint);border-radius:8px;padding:10px;border-left:4px solid #009e73}
.samples>li.wrong{border-left-color:#d55e00}
.samples img{width:100%;border-radius:4px;display:block}
.pixelated{image-rendering:pixelated}
.samples p{margin:8px 0 6px;line-height:1.3}
.samples ol{list-style:none;margin:0;padding:0;font-size:.8rem}
.samples ol li{position:relative;display:flex;justify-content:space-between;gap:6px;padding:2px 4px;margin:2px 0}
.samples ol b{font-weight:500;white-space:nowrap}.samples ol span,.samples ol b{position:relative}
.samples .bar{position:absolute;inset:0 auto 0 0;width:var(--share);background:var(--accent);opacity:.22;border-radius:3px}
@media print{h2,figure,.samples>li{break-inside:avoid}}
`

/** A whole page around sections of HTML. It needs nothing but itself. */
export function page(title: string, subtitle: string, sections: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title><link rel="icon" href="data:,"><style>${css}</style></head>
<body><main><header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(subtitle)}</p></header>
${sections.join('\n')}
</main></body></html>
`
}
