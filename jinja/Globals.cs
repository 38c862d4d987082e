using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>The functions that every template can call.</summary>
internal static class Globals
{
    private const int MaxRange = 100_000; // as in Jinja2's sandbox

    internal static Dictionary<string, object?> Create(TimeProvider clock, Budget budget) => new(StringComparer.Ordinal)
    {
        ["range"] = new Callable("range", Range),
        ["namespace"] = new Callable("namespace", a =>
        {
            var scope = new Namespace();
            foreach (var (key, value) in Pairs(a))
                scope.Attributes[key as string ?? throw new RenderException("namespace: names must be strings")] = value;
            return scope;
        }),
        ["dict"] = new Callable("dict", a =>
        {
            var dict = new Dict();
            foreach (var (key, value) in Pairs(a))
                dict.Set(key, value);
            return dict;
        }),
        ["raise_exception"] = new Callable("raise_exception", a => throw new RenderException(PyText.Str(a.Bind(1, "message")[0], budget))),
        ["strftime_now"] = new Callable("strftime_now", a =>
            Strftime.Format(clock.GetLocalNow(),
                a.Bind(1, "format")[0] as string ?? throw new RenderException("strftime_now: the format must be a string"))),
        ["lipsum"] = Unsupported("lipsum"),
        ["cycler"] = Unsupported("cycler"),
        ["joiner"] = Unsupported("joiner"),
    };

    private static Callable Unsupported(string name) => new(name, _ => throw RenderException.Unsupported($"the function '{name}'"));

    private static IEnumerable<(object? Key, object? Value)> Pairs(Arguments arguments)
    {
        if (arguments.Positional.Count > 1 || (arguments.Positional.Count == 1 && arguments.Positional[0] is not Dict))
            throw RenderException.Unsupported($"{arguments.Function}() of anything but a dict and named values");
        var given = arguments.Positional is [Dict dict] ? dict.Items : [];
        return given.Concat(arguments.Named.Select(n => ((object?)n.Name, n.Value)));
    }

    private static Sequence Range(Arguments arguments)
    {
        if (arguments.Named.Count > 0 || arguments.Positional.Count is 0 or > 3)
            throw new RenderException("range() takes one to three arguments");
        var bounds = arguments.Positional.Select(p => (long)Operators.Int32(p, "the argument of range()")).ToArray();
        var (start, stop) = bounds.Length == 1 ? (0, bounds[0]) : (bounds[0], bounds[1]);
        var step = bounds.Length == 3 ? bounds[2] : 1;
        if (step == 0)
            throw new RenderException("range() arg 3 must not be zero");
        var count = Math.Max(0, (stop - start + step - Math.Sign(step)) / step);
        if (count > MaxRange)
            throw new RenderException($"Range too big. The sandbox blocks ranges larger than {MaxRange}.");
        return new Sequence(SequenceKind.Range,
            [.. Enumerable.Range(0, (int)count).Select(i => (object?)new BigInteger(start + i * step))]);
    }
}
