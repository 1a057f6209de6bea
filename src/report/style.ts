// The one style sheet of all Eosin's pages: system typefaces, light, dark and print from the same variables,
// colours named after the two stains (hematoxylin violet, eosin pink). No font, picture or script is fetched.

import { SERIES } from './palette.ts'

const shades = (shade: 0 | 1) => SERIES.map((pair, i) => `--series-${i}:${pair[shade]}`).join(';')

/** The page's colours on light paper, as declarations of CSS variables. */
export const LIGHT = `color-scheme:light;--paper:#faf8fa;--surface:#fff;--ink:#211b2b;--ink-soft:#5d5568;--line:#e3dde6;--shade:#5b4a6a4d;
--accent:#66307f;--eosin:#c23d78;--tint:#f7eef6;--warn:#7a4a00;--warn-tint:#fdf0d3;--warn-line:#e6c374;
--good:#0b6b4f;--good-tint:#e3f4ed;--good-line:#9fd3c0;--tumour:#b8265f;--normal:#2b6cb0;--ok:#0e8a66;
--fallback:#b07c00;--passthrough:#6f6a78;--rejected:#c2352b;${shades(0)}`

/** The same on dark paper. */
export const DARK = `color-scheme:dark;--paper:#15121a;--surface:#1d1924;--ink:#eee9f3;--ink-soft:#b0a8bc;--line:#38313f;--shade:#d0a5ea42;
--accent:#d0a5ea;--eosin:#f08ab5;--tint:#2b2133;--warn:#f3cd84;--warn-tint:#352a12;--warn-line:#6d5722;
--good:#7fd6b7;--good-tint:#12302a;--good-line:#2b6353;--tumour:#f483ad;--normal:#7db6ee;--ok:#37c598;
--fallback:#e9b53a;--passthrough:#a49dae;--rejected:#f2796f;${shades(1)}`

const BASE = `
*,*::before,*::after{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1.25rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
a{color:var(--accent)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--eosin);outline-offset:2px}
h1,h2,h3,h4{line-height:1.2;margin:0;text-wrap:balance}
h1{font-size:clamp(1.7rem,1.3rem + 1.6vw,2.5rem);letter-spacing:-.02em}
h2{font-size:1.4rem;letter-spacing:-.012em}
h3{font-size:1.02rem;margin:1.9rem 0 .55rem}
h4{font-size:.88rem;margin:0 0 .4rem;font-weight:600}
p{margin:.5rem 0;max-width:92ch}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em}
pre{background:var(--surface);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere;
margin:.6rem 0;line-height:1.45;tab-size:2}
small,.soft{color:var(--ink-soft)}
small{font-size:.82em}
ul{margin:.5rem 0;padding-left:1.2rem;max-width:92ch}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--surface);padding:.5rem;z-index:9}
`

const LAYOUT = `
.page{max-width:1560px;margin:0 auto;display:grid;grid-template-columns:minmax(0,1fr);padding:0 clamp(1rem,3vw,2.5rem)}
.band{height:6px;background:linear-gradient(90deg,#4c2c83,#8a3f97 38%,#d6568f 72%,#f2a5bf)}
nav{position:sticky;top:0;z-index:3;border-bottom:1px solid var(--line);
margin:0 calc(-1*clamp(1rem,3vw,2.5rem));padding:0 clamp(1rem,3vw,2.5rem);overflow-x:auto}
nav ol{display:flex;gap:1.1rem;list-style:none;margin:0;padding:0;white-space:nowrap;font-size:.9rem}
nav a{display:block;padding:.65rem 0;color:var(--ink-soft);text-decoration:none}
nav a:hover{color:var(--accent)}
nav .brand{display:none}
main{min-width:0;padding-bottom:4rem}
header{padding:1.8rem 0 .4rem}
header .kicker{font-size:.82rem;color:var(--ink-soft);margin:0 0 .35rem}
header .kicker b{color:var(--accent);letter-spacing:.01em}
.lead{font-size:1.08rem;line-height:1.55;max-width:84ch;margin-top:.9rem}
section{padding:2.1rem 0 0;scroll-margin-top:2.6rem}
section>.head{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:center;border-top:1px solid var(--line);padding-top:1.5rem}
section>.head+p{margin-top:.4rem}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--ink-soft);font-size:.85rem}
@media (min-width:1180px){
.page{grid-template-columns:9.5rem minmax(0,1fr);column-gap:1.8rem}
nav{align-self:start;height:100vh;border:0;margin:0;padding:2rem 0;overflow-y:auto}
nav .brand{display:block;font-weight:700;font-size:1.1rem;letter-spacing:-.01em;color:var(--accent);margin-bottom:.9rem}
nav ol{flex-direction:column;gap:0}nav a{padding:.3rem 0}
section{scroll-margin-top:0}}
`

const PARTS = `
.badge{display:inline-flex;align-items:center;font-size:.7rem;font-weight:700;letter-spacing:.055em;line-height:1;
padding:.32em .6em;border-radius:99px;border:1px solid var(--warn-line);background:var(--warn-tint);color:var(--warn);white-space:nowrap}
.badge.real{border-color:var(--good-line);background:var(--good-tint);color:var(--good)}
.notice{border:1px solid var(--warn-line);background:var(--warn-tint);color:var(--ink);border-radius:10px;
padding:.65rem .95rem;margin:1rem 0;max-width:none;display:flex;gap:.4rem .8rem;flex-wrap:wrap;align-items:baseline}
.notice .badge{border-color:currentColor;background:none}.notice span:last-child{flex:1 1 20rem}
.notice.real{border-color:var(--good-line);background:var(--good-tint)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,10rem),1fr));gap:.8rem;margin:1.3rem 0}
.tile{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:.85rem 1rem .9rem}
.tile dt{font-size:.84rem;color:var(--ink-soft)}.tile dd{margin:0}
.tile .figure{font-size:1.95rem;font-weight:650;letter-spacing:-.025em;line-height:1.25}
.tile .figure.words{font-size:1.25rem;line-height:1.6rem;padding:.35rem 0;letter-spacing:-.01em;font-weight:600}
.strip{display:block;position:relative;height:6px;border-radius:3px;background:var(--line);margin:.45rem 0 .4rem}
.strip i{position:absolute;top:0;bottom:0;border-radius:3px;background:var(--accent);opacity:.45;min-width:2px}
.strip b{position:absolute;top:-3px;height:12px;width:3px;margin-left:-1.5px;border-radius:2px;background:var(--accent)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:12px;margin:.7rem 0;max-width:100%}
.scroll.snug{width:fit-content}
table{border-collapse:collapse;font-size:.875rem;width:100%}
.snug table{width:auto}
caption{caption-side:top;text-align:left;padding:.75rem .9rem .6rem;color:var(--ink-soft);font-size:.84rem;line-height:1.4}
caption span{display:inline-block;position:sticky;left:.9rem;max-width:min(110ch,calc(100vw - 4.5rem))}
th,td{padding:.42rem .47rem;text-align:left;vertical-align:baseline;white-space:nowrap}
th{font-weight:600}thead th{color:var(--ink-soft);font-weight:500;font-size:.8rem;border-bottom:1px solid var(--line);vertical-align:bottom}
thead th[scope=colgroup]{text-align:left;color:var(--ink);font-weight:600;border-bottom:0;padding-bottom:0}
tr>:first-child{padding-left:.9rem}tr>:last-child{padding-right:.9rem}
tbody tr+tr>*{border-top:1px solid var(--line)}
tbody tr:last-child>*{padding-bottom:.6rem}
.n{text-align:right}.short{white-space:normal;min-width:4.6rem}.edge{border-left:1px solid var(--line)}
td small,th small{display:block;font-weight:400;line-height:1.25}
tr.chosen>*{background:color-mix(in srgb,var(--accent) 8%,transparent)}
tr.best .lead-figure{font-weight:650}
.wrap{white-space:normal;min-width:14rem}
tbody th.pin,thead th.pin{white-space:normal;position:sticky;left:0;background:var(--surface);z-index:1}
tr.chosen th.pin{background:color-mix(in srgb,var(--accent) 8%,var(--surface))}
.dot{display:inline-block;width:.62em;height:.62em;border-radius:50%;background:currentColor;margin-right:.45em;flex:none}
.stain{display:inline-block;padding-left:1.07em;text-indent:-1.07em}
.pin>.pill{margin:.3rem 0 0 .95rem;display:block;width:fit-content}
.pin .marks{display:flex;flex-wrap:wrap;gap:.25rem;margin:.25rem 0 0 .95rem}.pin .marks .pill{margin:0}
.pill{display:inline-block;font-size:.7rem;font-weight:700;border-radius:99px;padding:.2em .6em;line-height:1.1;
background:var(--accent);color:var(--surface);vertical-align:.12em;margin-left:.5em;letter-spacing:.02em}
.pill.plain{background:none;color:var(--ink-soft);border:1px solid var(--line);font-weight:500}
.pill.seen{color:var(--ink);border-color:currentColor;font-weight:700}
.bar{display:flex;height:6px;border-radius:3px;overflow:hidden;background:var(--line);min-width:6rem;margin:.3rem 0 .2rem}
.bar i{background:var(--accent)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20.5rem),1fr));gap:.9rem;margin:.8rem 0}
.charts>*{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:.7rem;width:100%;height:auto;
max-width:27rem}
.charts>.scroll{margin:0;padding:0}
.chart{overflow:visible}.chart text{font-family:inherit;font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;font-size:.85rem;margin:.6rem 0 0;padding:0;list-style:none;max-width:none}
.legend li{display:flex;align-items:center}
.legend .line{width:1.7em;height:2.5px;margin-right:.5em;flex:none}
.centers{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21.5rem),1fr));gap:1.1rem 1.6rem;margin:.9rem 0}
.patches{display:flex;flex-wrap:wrap;gap:.7rem .6rem;margin:.3rem 0}
.patch{margin:0;width:98px;font-size:.77rem;line-height:1.3}
.patch img,.absent{display:block;width:96px;height:96px;border-radius:6px;background:var(--line)}
.patch img,.shot img{box-shadow:0 0 0 1px var(--line)}
.absent{display:grid;place-items:center;text-align:center;color:var(--ink-soft);font-size:.72rem;padding:.5rem;white-space:normal}
.patch figcaption{margin-top:.28rem;overflow:hidden;text-overflow:ellipsis}
.patch .id{display:block;color:var(--ink-soft);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.tumour{color:var(--tumour)}.normal{color:var(--normal)}
.tumour,.normal{font-weight:600;white-space:nowrap}
.v-ok{color:var(--ok)}.v-fallback{color:var(--fallback)}.v-passthrough{color:var(--passthrough)}.v-rejected{color:var(--rejected)}
.before td,.before th{padding:.35rem .3rem;vertical-align:top}
.before tbody tr+tr>*{border-top:0}
.before tbody th{vertical-align:middle;padding-left:.9rem;padding-right:.9rem}
.before .patch figcaption{white-space:normal}
.architecture{margin:1.1rem 0;overflow-x:auto}.architecture figcaption{position:sticky;left:0;max-width:44rem;font-size:.9rem;margin-bottom:.4rem}
.learned{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:.9rem;margin:.9rem 0}
.learned .card{margin:0;max-width:40.5rem;padding:.8rem .9rem .9rem}
.learned h4{margin:0;flex-wrap:wrap}.learned h4 small{margin-left:.25em}.learned .marks{display:flex;flex-wrap:wrap;gap:.3rem}.learned .pill{margin:0}
.learned p{margin:.5rem 0 .2rem;max-width:none;font-size:.84rem;line-height:1.3}
.shots{display:grid;grid-template-columns:repeat(var(--columns),minmax(0,96px));gap:3px}
.shot{position:relative}
.shot img,.shot .absent{width:100%;height:auto;aspect-ratio:1;border-radius:4px;background:var(--line)}.shot img{display:block}
.framed::after{content:"";position:absolute;inset:0;border:2px solid currentColor;border-radius:4px;pointer-events:none}
.v-passthrough::after{border-style:dotted}.v-rejected::after{border-style:dashed}
.beside{display:flex;flex-wrap:wrap;gap:0 2rem;align-items:flex-start}.beside>:last-child{flex:1 1 22rem;min-width:0}.beside h3:first-child{margin-top:.8rem}
.confusion h4{font-size:.8rem;margin:.1rem 0 .6rem}.confusion table{table-layout:fixed;height:calc(100% - 2rem);min-height:13rem}
.confusion th,.confusion td{text-align:center;vertical-align:middle;white-space:normal;padding:.4rem}
.confusion td{border:2px solid var(--surface);border-radius:10px;font-size:1.25rem;font-weight:600}
.confusion tr>*{border-top:0!important;border-bottom:0}.confusion thead td{border:0}
.confusion td small{font-size:.75rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:.9rem;margin:.9rem 0}
.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:.95rem 1.1rem}
.card h4{display:flex;justify-content:space-between;gap:.6rem;align-items:center;font-size:.98rem}
.card dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.22rem .9rem;margin:.5rem 0 0;font-size:.875rem}
.card dt{color:var(--ink-soft)}.card dd{margin:0;overflow-wrap:anywhere}
details{margin:.9rem 0}
summary{cursor:pointer;color:var(--accent);font-weight:550;width:fit-content;padding:.2rem 0}
summary small{font-weight:400;margin-left:.35rem}
.groups{display:flex;flex-wrap:wrap;gap:0 2.4rem}.groups>*{max-width:100%}
`

// A shadow at each edge beyond which there is more: covers that move with the content hide it where there is not.
const SCROLL = `
.scroll,.architecture,nav{--ground:var(--surface);background:
linear-gradient(90deg,var(--ground) 55%,transparent) left/2.6rem 100% local no-repeat,
linear-gradient(270deg,var(--ground) 55%,transparent) right/2.6rem 100% local no-repeat,
linear-gradient(90deg,var(--shade),transparent) left/1.1rem 100% no-repeat,
linear-gradient(270deg,var(--shade),transparent) right/1.1rem 100% no-repeat,var(--ground);
scrollbar-width:thin;scrollbar-color:var(--line) transparent}
.architecture,nav{--ground:var(--paper)}
@media (min-width:1180px){nav{background:none}}
`

const PRINT = `
@media print{
:root{${LIGHT};--paper:#fff}
body{font-size:10.5px}.page{display:block;max-width:none;padding:0}nav,.skip{display:none}p,ul,.lead{max-width:none}
section{break-inside:auto;padding-top:1.2rem}h2,h3,h4,.head,section>p,summary,caption,thead,.legend{break-after:avoid}
tr,figure,.charts>*,.card,.tile{break-inside:avoid}
.scroll{overflow:visible;border:0;background:none}table{font-size:.78rem}th,td{padding:.2rem .35rem}
.charts{grid-template-columns:repeat(3,1fr)}.charts>*{max-width:none}footer{margin-top:.8rem;break-before:avoid}pre{columns:3}.beside,.patches{display:block}.patch{display:inline-block;vertical-align:top;margin:0 .5rem .5rem 0}
details::details-content{content-visibility:visible;display:block;height:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media (max-width:700px){.scroll:has(thead th:nth-child(6)) caption span::after{content:"Scroll sideways for more columns \\2192";display:block;color:var(--accent);margin-top:.3rem}}
@media (max-width:480px){.tile:last-child:nth-child(odd){grid-column:1/-1}.tiles{gap:.6rem}.tile{padding:.7rem .8rem}.tile .figure{font-size:1.6rem}body{font-size:14.5px}.charts>*{padding:.3rem}th,td{padding:.4rem .42rem}}
`

/** The style sheet, to stand in a page's head. */
export const STYLE = `:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}${BASE}${LAYOUT}${PARTS}${SCROLL}${PRINT}`
