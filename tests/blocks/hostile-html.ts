/** Ways of getting a script, a frame, a form, a shortcode or a block into an article. */
export const HOSTILE = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.test/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '<img """><script>alert("x")</script>">',
  '<svg onload=alert(1)><script>alert(1)</script></svg>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><img src onerror=alert(1)></style></mglyph></table></mtext></math>',
  '<p onclick="alert(1)" style="background:url(javascript:alert(1))">x</p>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">x</a>',
  '<a href="jav&#x09;ascript:alert(1)">x</a>',
  '<a href="JaVaScRiPt&colon;alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<a href="//evil.test">x</a>',
  '<a href="/\\evil.test">x</a>',
  '<a href=\'https://x.test/"onmouseover="alert(1)\'>x</a>',
  '<iframe src="https://evil.test"></iframe><iframe srcdoc="<script>alert(1)</script>">',
  '<form action="https://evil.test"><input name=q autofocus onfocus=alert(1)><button>x</button></form>',
  '<object data=x></object><embed src=x><applet code=x></applet>',
  '<style>@import "//evil.test"</style><link rel=stylesheet href=//evil.test>',
  '<meta http-equiv=refresh content="0;url=//evil.test"><base href="//evil.test/">',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">x</noscript>',
  '<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>',
  '<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>',
  '<template><script>alert(1)</script></template>',
  '<option>&lt;script&gt;alert(1)&lt;/script&gt;</option>',
  '<table><td background="javascript:alert(1)">x</table>',
  '<!--<img src="--><img src=x onerror=alert(1)//">',
  '<![CDATA[<script>alert(1)</script>]]><?php system($_GET[0]); ?>',
  '<p title="<!-- wp:html -->">x</p>',
  '<!-- wp:html --><script>alert(1)</script><!-- /wp:html -->',
  '&lt;!-- wp:html --&gt;&lt;script&gt;alert(1)&lt;/script&gt;',
  '<!-- wp:shortcode -->[igny8_probe]<!-- /wp:shortcode -->',
  '<!-- wp:latest-posts /--><!--more--><!--nextpage-->',
  '<p>[igny8_probe] &#91;igny8_probe] &#x5b;igny8_probe] &lbrack;igny8_probe]</p>',
  '<a href="https://x.test/[igny8_probe]">x</a><code>[igny8_probe]</code>',
  '<pre><code>[igny8_probe]\nhttps://www.youtube.com/watch?v=dQw4w9WgXcQ\n</code></pre>',
  '<p>https://www.youtube.com/watch?v=dQw4w9WgXcQ</p>',
]

/**
 * What no sanitised article or block holds, however it is written. The last two are what WordPress
 * takes for addresses to embed.
 */
export const FORBIDDEN =
  /<\/?(?:script|style|iframe|form|input|button|object|embed|svg|math|link|meta|base|textarea|template|noscript|option)\b|<[^>]*\son\w+\s*=|<[^>]*\sstyle\s*=|<[^>]*(?:javascript|data|vbscript)\s*:|\[igny8_probe|<p(?: [^>]*)?>\s*https?:\/\/[^\s<>"]+\s*<\/p>|^\s*https?:\/\/[^\s<>"]+\s*$/im
