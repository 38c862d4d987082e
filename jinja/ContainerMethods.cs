using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>Methods of dicts, lists and tuples that change nothing. Those that do are refused, as in Jinja2's immutable sandbox.</summary>
internal static class ContainerMethods
{
    internal static object? Find(Dict dict, string name) => name switch
    {
        "items" => new Callable(name, a => None(a, View(SequenceKind.Items, dict))),
        "keys" => new Callable(name, a => None(a, View(SequenceKind.Keys, dict))),
        "values" => new Callable(name, a => None(a, View(SequenceKind.Values, dict))),
        "copy" => new Callable(name, a => None(a, dict)),
        "get" => new Callable(name, a =>
        {
            var bound = a.Bind(1, "key", "default");
            return dict.TryGet(bound[0], out var value) ? value : bound[1] == Arguments.Missing ? null : bound[1];
        }),
        _ => Arguments.Missing,
    };

    internal static object? Find(Sequence sequence, string name, Budget budget) =>
        sequence.Kind is not (SequenceKind.List or SequenceKind.Tuple) ? Arguments.Missing : name switch
        {
            "index" => new Callable(name, a =>
            {
                if (a.Positional.Count != 1)
                    throw RenderException.Unsupported("index() with a start");
                for (var i = 0; i < sequence.Items.Count; i++)
                {
                    if (Operators.AreEqual(sequence.Items[i], a.Positional[0], budget))
                        return new BigInteger(i);
                }
                throw new RenderException($"{PyText.Repr(a.Positional[0], budget)} is not in {PyText.TypeName(sequence)}");
            }),
            "count" => new Callable(name, a =>
                new BigInteger(sequence.Items.Count(item => Operators.AreEqual(item, a.Bind(1, "value")[0], budget)))),
            "copy" when sequence.Kind == SequenceKind.List => new Callable(name, a => None(a, sequence)),
            _ => Arguments.Missing,
        };

    internal static Sequence View(SequenceKind kind, Dict dict) => new(kind, [.. dict.Items.Select(item => kind switch
    {
        SequenceKind.Keys => item.Key,
        SequenceKind.Values => item.Value,
        _ => Sequence.Tuple(item.Key, item.Value),
    })]);

    private static object? None(Arguments arguments, object? result)
    {
        arguments.Bind(0);
        return result;
    }
}
