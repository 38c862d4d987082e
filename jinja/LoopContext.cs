using System.Numerics;

namespace LightReasoner.Jinja;

/// <summary>The variable 'loop' inside a for.</summary>
internal sealed class LoopContext(IReadOnlyList<object?> items, int depth, Func<Arguments, object?>? recurse, Budget budget)
{
    private object? _changed = Arguments.Missing;

    internal int Index { get; set; }

    /// <summary>loop(…) in a recursive for.</summary>
    internal object? Call(Arguments arguments) => recurse is null
        ? throw new RenderException("The loop must have the 'recursive' marker to be called recursively.") : recurse(arguments);

    /// <summary>An attribute, or <see cref="Arguments.Missing"/>.</summary>
    internal object? Get(string name) => name switch
    {
        "index" => new BigInteger(Index + 1),
        "index0" => new BigInteger(Index),
        "revindex" => new BigInteger(items.Count - Index),
        "revindex0" => new BigInteger(items.Count - Index - 1),
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => new BigInteger(items.Count),
        "depth" => new BigInteger(depth + 1),
        "depth0" => new BigInteger(depth),
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new Callable("cycle", a => a.Positional.Count > 0 ? a.Positional[Index % a.Positional.Count]
            : throw new RenderException("no items for cycling given")),
        "changed" => new Callable("changed", a =>
        {
            var value = Sequence.Tuple(a.Positional);
            if (_changed is Sequence last && Operators.AreEqual(last, value, budget))
                return false;
            _changed = value;
            return true;
        }),
        _ => Arguments.Missing,
    };
}
