/**
 * Colours as variables, so that what is drawn once follows the reader's light or dark scheme. Those of the series are told apart
 * by readers who see colours otherwise.
 */
export const palette = `
:root{color-scheme:light;--ink:#1b1f24;--soft:#57606a;--muted:#8b949e;--line:#d8dee4;--paper:#fff;--tint:#f5f7f9;
--accent:#0069a8;--on-accent:#fff;--right:#007a58;--wrong:#b84e00;
--series-1:#0069a8;--series-2:#b84e00;--series-3:#007a58;--series-4:#8f4a7b;--series-5:#7d5d00;
--series-6:#5646b5;--series-7:#a3123f;--series-8:#4f5b66}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ink:#e6eaee;--soft:#9ba5b0;--muted:#77818c;--line:#343b44;--paper:#14171b;--tint:#1d2126;
--accent:#5fb4ea;--on-accent:#06131d;--right:#3fc79d;--wrong:#ff9254;
--series-1:#5fb4ea;--series-2:#ff9254;--series-3:#3fc79d;--series-4:#dca0c8;--series-5:#e3bd4e;--series-6:#aca1f5;--series-7:#ff86a2;--series-8:#b3bdc7}}
`

/** The page's look. */
export const stylesheet = `${palette}*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1060px;margin:0 auto;padding:40px 24px 72px}
h1{font-size:clamp(1.6rem,4vw,2.1rem);line-height:1.15;letter-spacing:-.01em;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.25;margin:0 0 4px}
h3{font-size:.95rem;line-height:1.3;margin:0 0 6px;color:var(--ink)}
section{margin-top:44px;padding-top:22px;border-top:1px solid var(--line)}
a{color:var(--accent)}
p{max-width:68ch;margin:0 0 14px;overflow-wrap:anywhere}
.lead{font-size:1.05rem;color:var(--soft);margin:0 0 6px}
.note,figcaption,.date{color:var(--soft);font-size:.9rem}
nav{margin-top:14px;font-size:.9rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:0;padding:0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,290px),1fr));gap:26px 34px;margin:18px 0}
.halves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:30px 44px;margin:18px 0;align-items:start}
.grid>*,.halves>*{min-width:0}
.row{display:flex;flex-wrap:wrap;gap:34px 44px;margin-top:34px}
.row>*{flex:0 1 auto;min-width:0;max-width:100%}
.row figcaption{max-width:470px;margin-bottom:8px}
.row>.reliability{flex:1 1 300px;max-width:420px}
figure{margin:0}
figure svg{display:block;width:100%;height:auto;max-width:420px}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
.natural svg{width:auto;max-width:none}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;max-width:100%}
caption{text-align:left;color:var(--soft);font-size:.9rem;padding-bottom:6px}
th,td{text-align:left;padding:6px 18px 6px 0;border-bottom:1px solid var(--line);vertical-align:baseline;font-weight:400;overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-size:.85rem;border-bottom-color:var(--muted);vertical-align:bottom;overflow-wrap:normal;white-space:normal}
td.number,th.number{text-align:right}td.number{white-space:nowrap}
small{color:var(--soft);font-size:.8rem;font-weight:400}
.headline{width:100%;max-width:680px}
.headline .number{padding-left:10px}
.headline th,.headline td{padding-top:8px;padding-bottom:8px}
.headline td b{font-weight:700}
.tiles{display:flex;flex-wrap:wrap;gap:14px 40px;margin:16px 0 8px}
.tiles div{display:flex;flex-direction:column-reverse}
.tiles dt{color:var(--soft);font-size:.85rem}
.tiles dd{margin:0;font-size:1.55rem;line-height:1.2;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.samples{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:26px 22px;padding:0;margin:18px 0 0}
.samples>li{min-width:0}
.samples img{width:100%;aspect-ratio:1;object-fit:cover;display:block;border-radius:3px;background:var(--tint)}
.pixelated{image-rendering:pixelated}
.samples p{margin:8px 0 6px;line-height:1.3;overflow-wrap:anywhere}
.samples p b{display:block;font-weight:600}
.verdict{font-size:.85rem}.right .verdict{color:var(--right)}.wrong .verdict{color:var(--wrong)}
.samples ol{list-style:none;margin:0;padding:0;font-size:.82rem;line-height:1.3}
.samples ol li{display:grid;grid-template-columns:1fr auto;gap:0 8px;padding:3px 0;overflow-wrap:anywhere}
.samples .true{font-weight:600}
.samples ol li>:nth-child(2){font-variant-numeric:tabular-nums;white-space:nowrap}
.track{grid-column:1/-1;height:4px;background:var(--line);border-radius:2px;overflow:hidden}
.track i{display:block;height:100%;width:var(--share);background:var(--muted)}
.true .track i{background:var(--accent)}
.classes{width:100%}
.classes .bar{width:36%}
.classes .bar span{display:block;height:.62em;width:var(--share);min-width:1px;background:var(--accent)}
.classes .bar,.facts td{padding-right:0}
details{margin:14px 0}
summary{cursor:pointer;color:var(--accent);font-size:.9rem;overflow-wrap:anywhere}
details>*+*{margin-top:10px}
.looks{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:34px 44px;padding:0;margin:18px 0 0}
.looks>li{min-width:0}
.looks p{margin:0 0 6px}.looks small{margin-left:10px}
.look{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:12px}
.look img{width:100%;aspect-ratio:1;display:block;border-radius:3px;background:var(--tint)}
.look figcaption{font-size:.82rem;line-height:1.3;margin-top:6px;overflow-wrap:anywhere}
.look b{display:block;font-weight:400}.look span{color:var(--ink)}.look .right{color:var(--right)}.look .wrong{color:var(--wrong)}
.looks .note{margin:8px 0 0;font-size:.82rem}
.scale{display:inline-flex;align-items:center;gap:8px;white-space:nowrap}
.scale i{width:120px;height:.7em;border-radius:2px;background:linear-gradient(to right,var(--scale))}
.words{max-width:none}.words th,.words td{white-space:nowrap}.words td small{display:block}
.facts{width:100%;font-size:.9rem;table-layout:fixed}
.facts th{color:var(--soft);width:42%;overflow-wrap:anywhere}
.results caption{font-weight:600;color:var(--ink);font-size:.95rem}
.results td,.results th{padding:6px 0 6px 14px}.results th:first-child{padding-left:0;white-space:nowrap;position:sticky;left:0;background:var(--paper)}
.results td b{font-weight:700}.results .interval,.results .difference{display:block;font-size:.72rem;line-height:1.35}
.results .printed{color:var(--soft);font-style:italic}
.results .above{color:var(--right)}.results .below{color:var(--wrong)}
.results abbr{text-decoration:none;cursor:help}
.scroll+.scroll,.grid+.scroll,.scroll+h3,.row+h3{margin-top:28px}.row.beside{margin-top:14px;align-items:flex-start}.row.beside figure{flex:1 1 320px;max-width:420px}
.results-grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:34px 44px;margin:14px 0 26px;align-items:start}
.results-grid>*{min-width:0}.results-grid .scroll+.scroll{margin-top:0}.results-grid table{width:100%}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:16px 0 0;padding:0;font-size:.9rem}
.key i{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:6px}
div.note p{margin:0 0 4px;max-width:82ch}
.groups{list-style:none;padding:0;margin:18px 0 0}.groups>li{border-top:1px solid var(--line);padding:0 0 18px}.groups>li:first-child{border-top:0}
.groups .samples{grid-template-columns:repeat(auto-fill,minmax(140px,180px))}
.samples .name{font-size:.8rem;color:var(--soft);margin:0 0 2px}.samples .likely{color:var(--wrong);font-weight:400}
.missing{display:grid;place-items:center;aspect-ratio:1;background:var(--tint);border-radius:3px;color:var(--wrong);font-size:2rem}
@media (max-width:560px){main{padding:26px 16px 48px}th,td{padding-right:12px}.samples{grid-template-columns:repeat(2,minmax(0,1fr))}
.headline small{display:block}.headline .number{padding:8px 0 8px 8px}}
@media print{body{font-size:11pt}main{max-width:none;padding:0}nav,details:not([open]){display:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
figure,.samples>li,.looks>li,tr,.tiles{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}.natural svg{max-width:100%;height:auto}}
`
