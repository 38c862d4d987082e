using System.Globalization;
using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>Filters on sequences.</summary>
internal static class SequenceFilters
{
    internal static readonly Dictionary<string, FilterFunction> All = new(StringComparer.Ordinal)
    {
        ["batch"] = Batch,
        ["dictsort"] = DictSort,
        ["first"] = (i, v, a) => Filters.Plain(a, Items(v, i) is [var first, ..] ? first
            : new Undefined("No first item, sequence was empty.")),
        ["items"] = (_, v, a) => Filters.Plain(a, v switch
        {
            Undefined => new OneShot("generator", []),
            Dict dict => new OneShot("generator", ContainerMethods.View(SequenceKind.Items, dict).Items),
            _ => throw new RenderException("Can only get item pairs from a mapping."),
        }),
        ["join"] = Join,
        ["last"] = (i, v, a) => Filters.Plain(a, v is OneShot ? throw new RenderException("'generator' object is not reversible")
            : Items(v, i) is [.., var last] ? last : new Undefined("No last item, sequence was empty.")),
        ["list"] = (i, v, a) => Filters.Plain(a, Sequence.List(Items(v, i))),
        ["map"] = Map,
        ["max"] = (i, v, a) => Extreme(i, v, a, 1),
        ["min"] = (i, v, a) => Extreme(i, v, a, -1),
        ["reject"] = (i, v, a) => Select(i, v, a, keep: false, byAttribute: false),
        ["rejectattr"] = (i, v, a) => Select(i, v, a, keep: false, byAttribute: true),
        ["reverse"] = (i, v, a) => Filters.Plain(a, Operators.Text(v) is { } text
            ? string.Concat(Enumerable.Reverse(CodePoints.Split(text))) : new OneShot("list_reverseiterator", [.. Items(v, i).Reverse()])),
        ["select"] = (i, v, a) => Select(i, v, a, keep: true, byAttribute: false),
        ["selectattr"] = (i, v, a) => Select(i, v, a, keep: true, byAttribute: true),
        ["sort"] = Sort,
        ["sum"] = Sum,
        ["unique"] = Unique,
    };

    private static IReadOnlyList<object?> Items(object? value, Interpreter interpreter)
    {
        var items = Operators.Iterate(value, interpreter.Budget);
        interpreter.Budget.Step(items.Count);
        interpreter.Budget.Grow(items.Count * 4L);
        return items;
    }

    private static object? Join(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "d", "attribute");
        var separator = bound[0] == Arguments.Missing ? "" : Filters.String(bound[0], interpreter);
        var items = Items(value, interpreter);
        if (bound[1] != Arguments.Missing && bound[1] is not null)
            items = [.. items.Select(item => Attribute(item, bound[1], interpreter))];
        return StringMethods.Join(separator, [.. items.Select(item => Filters.String(item, interpreter))], interpreter.Budget);
    }

    private static object? Map(Interpreter interpreter, object? value, Arguments arguments)
    {
        if (!Operators.Truth(value))
            return new OneShot("generator", []);
        if (arguments.Positional.Count == 0 && arguments.Named.Any(n => n.Name == "attribute"))
        {
            var bound = arguments.Bind(0, "attribute", "default");
            var absent = bound[1] == Arguments.Missing ? null : bound[1];
            return new OneShot("generator", [.. Items(value, interpreter).Select(item => Attribute(item, bound[0], interpreter, absent))]);
        }
        if (arguments.Positional is not [string name, ..])
            throw new RenderException("map requires a filter argument");
        var filter = Filters.Find(name);
        var rest = new Arguments(name, [.. arguments.Positional.Skip(1)], arguments.Named);
        return new OneShot("generator", [.. Items(value, interpreter).Select(item => filter(interpreter, item, rest))]);
    }

    private static object? Select(Interpreter interpreter, object? value, Arguments arguments, bool keep, bool byAttribute)
    {
        if (!Operators.Truth(value))
            return new OneShot("generator", []);
        var positional = arguments.Positional;
        if (byAttribute && positional.Count == 0)
            throw new RenderException("Missing parameter for attribute name");
        var attribute = byAttribute ? positional[0] : null;
        var from = byAttribute ? 1 : 0;
        Func<object?, bool> test = Operators.Truth;
        if (positional.Count > from)
        {
            var name = positional[from] as string ?? throw new RenderException("the name of a test must be a string");
            var function = Tests.Find(name);
            var rest = new Arguments(name, [.. positional.Skip(from + 1)], arguments.Named);
            test = item => function(interpreter, item, rest);
        }
        return new OneShot("generator",
            [.. Items(value, interpreter).Where(item => test(byAttribute ? Attribute(item, attribute, interpreter) : item) == keep)]);
    }

    /// <summary>'a.b.0' of an item; a default replaces what is undefined.</summary>
    private static object? Attribute(object? item, object? attribute, Interpreter interpreter, object? absent = null)
    {
        if (attribute is not string path)
            return Attributes.GetItem(item, attribute, interpreter.Budget);
        foreach (var part in path.Split('.'))
        {
            object? key = part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit) ? BigInteger.Parse(part, CultureInfo.InvariantCulture)
                : part;
            item = Attributes.GetItem(item, key, interpreter.Budget);
            if (absent is not null && item is Undefined)
                item = absent;
        }
        return item;
    }

    private static object? IgnoreCase(object? value) => Operators.Text(value) is { } text ? Casing.Lower(text) : value;

    private static bool Flag(object? value) => value != Arguments.Missing && Operators.Truth(value);

    private static object? Sort(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "reverse", "case_sensitive", "attribute");
        var paths = bound[2] == Arguments.Missing || bound[2] is null ? [null] : bound[2] is string list ? list.Split(',')
            : (object?[])[bound[2]];
        return Sequence.List(Sorted(Items(value, interpreter), item => Sequence.List([.. paths.Select(path =>
        {
            var key = path is null ? item : Attribute(item, path, interpreter);
            return Flag(bound[1]) ? key : IgnoreCase(key);
        })]), Flag(bound[0]), interpreter));
    }

    private static object? DictSort(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "case_sensitive", "by", "reverse");
        Operators.Defined(value);
        var dict = value as Dict ?? throw new RenderException($"'{PyText.TypeName(value)}' object has no attribute 'items'");
        var position = bound[1] == Arguments.Missing || bound[1] is "key" ? 0 : bound[1] is "value" ? 1
            : throw new RenderException("You can only sort by either \"key\" or \"value\"");
        return Sequence.List(Sorted(Items(ContainerMethods.View(SequenceKind.Items, dict), interpreter), item =>
        {
            var key = ((Sequence)item!).Items[position];
            return Flag(bound[0]) ? key : IgnoreCase(key);
        }, Flag(bound[2]), interpreter));
    }

    /// <summary>A stable sort, also in reverse (as Python's).</summary>
    private static IReadOnlyList<object?> Sorted(IReadOnlyList<object?> items, Func<object?, object?> key, bool reverse,
        Interpreter interpreter)
    {
        var comparer = Comparer<object?>.Create((a, b) => Operators.Order(a, b, "<", interpreter.Budget));
        try
        {
            var keyed = items.Select(item => (Key: key(item), Item: item)).ToList();
            return [.. (reverse ? keyed.OrderByDescending(k => k.Key, comparer) : keyed.OrderBy(k => k.Key, comparer)).Select(k => k.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is RenderException inner)
        {
            throw inner;
        }
    }

    private static object? Extreme(Interpreter interpreter, object? value, Arguments arguments, int sign)
    {
        var bound = arguments.Bind(0, "case_sensitive", "attribute");
        object? best = new Undefined("No aggregated item, sequence was empty."), bestKey = null;
        foreach (var item in Items(value, interpreter))
        {
            var key = bound[1] == Arguments.Missing || bound[1] is null ? item : Attribute(item, bound[1], interpreter);
            key = Flag(bound[0]) ? key : IgnoreCase(key);
            if (best is not Undefined && Operators.Order(key, bestKey, sign < 0 ? "<" : ">", interpreter.Budget) != sign)
                continue;
            (best, bestKey) = (item, key);
        }
        return best;
    }

    private static object? Unique(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "case_sensitive", "attribute");
        var seen = new HashSet<object>();
        return new OneShot("generator", [.. Items(value, interpreter).Where(item =>
        {
            var key = bound[1] == Arguments.Missing || bound[1] is null ? item : Attribute(item, bound[1], interpreter);
            return seen.Add(Dict.Normalize(Flag(bound[0]) ? key : IgnoreCase(key)));
        })]);
    }

    private static object? Sum(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(0, "attribute", "start");
        var total = bound[1] == Arguments.Missing ? BigInteger.Zero : bound[1];
        foreach (var item in Items(value, interpreter))
        {
            var addend = bound[0] == Arguments.Missing || bound[0] is null ? item : Attribute(item, bound[0], interpreter);
            total = Operators.Apply("+", total, addend, interpreter.Budget);
        }
        return total;
    }

    private static object? Batch(Interpreter interpreter, object? value, Arguments arguments)
    {
        var bound = arguments.Bind(1, "linecount", "fill_with");
        var size = Operators.Int32(bound[0], "linecount");
        if (size < 1)
            throw new RenderException("batch: linecount must be at least 1");
        var batches = Items(value, interpreter).Chunk(size).Select(chunk => (object?[])chunk).ToList();
        if (bound[1] != Arguments.Missing && bound[1] is not null && batches.Count > 0 && batches[^1].Length < size)
        {
            interpreter.Budget.Grow(4L * size);
            batches[^1] = [.. batches[^1], .. Enumerable.Repeat(bound[1], size - batches[^1].Length)];
        }
        return new OneShot("generator", [.. batches.Select(batch => Sequence.List(batch))]);
    }
}
