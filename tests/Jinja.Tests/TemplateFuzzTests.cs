using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LightReasoner.Jinja.Tests;

/// <summary>Damaged and hostile templates: always the library's own exception, never a crash, a hang or memory without bound.</summary>
public class TemplateFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Templates =
    [
        "{%- for m in messages %}{{ '<|' + m['role'] + '|>' }}{% if m.content is string %}{{ m.content|trim }}{% else %}{{ "
            + "m.content|tojson(indent=2) }}{% endif %}{% if not loop.last %}\n{% endif %}{%- endfor -%}{% if add_generation_prompt %}{{ "
            + "bos_token }}{% endif %}",
        "{% macro f(a, b=[1, {'k': (2,)}]) %}{% set ns = namespace(x=a) %}{% for k, v in b[1].items() %}{% set ns.x = ns.x ~ k %}{% "
            + "endfor %}{{ ns.x }}{{ caller() if caller }}{% endmacro %}{% call f('q') %}{{ "
            + "messages[::-1][0].content.split('x')[-1].strip('\\n') }}{% endcall %}",
        "{% set x %}{% filter upper %}{% for i in range(3) if i is odd or i == 0 %}{{ loop.index }}{{ '%s-%d' % ('a', i) }}{% else %}-{% "
            + "endfor %}{% endfilter %}{% endset %}{# note #}{{ x|replace('A', '{}'.format(1.5e3))|list|sort|join(',') }}{% raw %}{{ }}{% "
            + "endraw %}",
        "{% if messages|selectattr('role', 'equalto', 'user')|list|length > 0 and messages[0]['content'] not in ['', none] %}{{ "
            + "raise_exception('no ' + messages|map(attribute='role')|join('/')) }}{% elif 2 ** 3 // 2 - -1 % 2 >= 1 < 2 %}{{ "
            + "strftime_now('%d %b %Y') }}{% endif %}",
    ];

    private static readonly string[] Scraps =
        ["{%", "%}", "{{", "}}", "{#", "#}", "-", "if ", "for x in ", "endfor", "endif", "set a = ", "(", ")", "[", "]", "{", "}", "'",
            "\"", "\\", "|", ".", ",", "*", "**", "not ", "is ", "else", "1", "9999999999", "none", "messages", "loop", "recursive",
            "macro f()", "endmacro", "\n", "\0", "\uD800", "é", "\U0001F600", "~", "=", "==", "in ", "%", "//", ":", "caller()", "raw", "x",
            "e5", "|length", "|tojson", "[::-1]"];

    private static JsonObject Variables() => JsonNode.Parse("""
        {"messages":[{"role":"user","content":"xyx\n"},{"role":"assistant","content":null,"tool_calls":[{"a":1.5}]}],"add_generation_prompt":true,"bos_token":"<s>"}
        """)!.AsObject();

    [Fact]
    public void Render_MutatedSource_RendersOrThrowsTemplateException()
    {
        var random = new Random(11);
        var (rendered, refused) = (0, 0);
        foreach (var template in Templates)
            Assert.False(string.IsNullOrEmpty(TryRender(template, out _) ?? "raised"));
        for (var round = 0; round < 10_000; round++)
        {
            var source = Templates[random.Next(Templates.Length)];
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(source.Length + 1);
                source = random.Next(3) switch
                {
                    0 => source.Insert(at, Scraps[random.Next(Scraps.Length)]),
                    1 => source.Remove(at, Math.Min(random.Next(6), source.Length - at)),
                    _ => source[..at] + source[random.Next(source.Length)..],
                };
            }
            _ = TryRender(source, out var error) is null ? refused++ : rendered++;
            Assert.True(error is null || error.Line >= 1);
        }
        output.WriteLine($"{rendered} rendered, {refused} refused");
    }

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{{ 'a' * 10 ** 12 }}")]
    [InlineData("{{ 9 ** 99999999 }}")]
    [InlineData("{{ 2 ** 16000 * 2 ** 16000 * 2 ** 16000 }}")]
    [InlineData("{% set ns = namespace(s='aaaaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(90) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(90) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}")]
    [InlineData("{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(90) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] "
        + "%}{% endfor %}{{ ns.s == ns.t }}")]
    [InlineData("{% set ns = namespace(s=[]) %}{% for i in range(50000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}")]
    [InlineData("{{ 'aaaaaaaaaaaaaaaaaaaaaaaa'.replace('', 'b' * 1000000) }}{{ ('a' * 1000).replace('a', 'b' * 1000000) }}")]
    [InlineData("{{ 'a'.center(2000000000) }}")]
    [InlineData("{{ '%2000000000d' % 1 }}")]
    [InlineData("{{ range(10 ** 12) }}")]
    [InlineData("{{ ('a' * 200000000)|list }}")]
    [InlineData("{{ [1, 2]|tojson(indent=2000000000) }}{{ ([[1]] * 1000000)|tojson(indent=1000) }}")]
    [InlineData("{{ 'a\n' * 100000000 }}")]
    [InlineData("{{ ('a\n' * 1000000)|indent(10000) }}")]
    public void Render_HostileTemplate_IsStoppedByALimit(string source)
    {
        var before = GC.GetTotalAllocatedBytes();
        var watch = Stopwatch.StartNew();
        Assert.Null(TryRender(source, out var error));
        output.WriteLine($"{watch.ElapsedMilliseconds} ms, {(GC.GetTotalAllocatedBytes() - before) >> 20} MB allocated: {error!.Message}");
    }

    [Theory]
    [InlineData("{{ ", "(", "")]
    [InlineData("{{ ", "[", "")]
    [InlineData("{{ ", "-", "1 }}")]
    [InlineData("{{ ", "not ", "1 }}")]
    [InlineData("{{ 1", " + 1", " }}")]
    [InlineData("{{ 1", " ~ 1", " }}")]
    [InlineData("{{ 1", "|string", " }}")]
    [InlineData("{{ x", ".y", " }}")]
    [InlineData("{{ 1", " if 1 else 1", " }}")]
    [InlineData("{{ 1", " or 0", " }}")]
    [InlineData("", "{% if 1 %}", "")]
    [InlineData("", "{% for x in [1] %}", "")]
    [InlineData("{% set ", "(", "a = 1 %}")]
    public void Parse_DeepNesting_IsAnErrorAndNoStackOverflow(string head, string repeated, string tail)
    {
        var source = head + string.Concat(Enumerable.Repeat(repeated, 100_000)) + tail;
        var thread = new Thread(() => TryRender(source, out _), 512 << 10);
        thread.Start();
        thread.Join();
    }

    [Fact]
    public void Render_DeepData_IsAnErrorAndNoStackOverflow()
    {
        JsonNode node = 1;
        for (var i = 0; i < 20_000; i++)
            node = new JsonArray(node);
        Assert.Throws<TemplateException>(() => Template.Parse("{{ x }}", "t").Render(new JsonObject { ["x"] = node }));
    }

    private static string? TryRender(string source, out TemplateException? error)
    {
        error = null;
        try
        {
            return Template.Parse(source, "template").Render(Variables());
        }
        catch (TemplateException e)
        {
            error = e;
            return null;
        }
    }
}
