using System.Collections.Concurrent;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Numbers as operators take them. TorchSharp frees a <see cref="Scalar"/> in its finalizer and does not keep it alive while libtorch reads
/// it, so that a number that is converted in passing can be gone too early. These live as long as the process; there are few different
/// ones.
/// </summary>
internal static class Scalars
{
    public static readonly Scalar NegativeInfinity = double.NegativeInfinity, MinusOne = -1, Zero = 0;

    /// <summary>The factor of a sum: <c>add</c> converts a 1 in passing where it is left out.</summary>
    public static readonly Scalar One = 1;

    private static readonly ConcurrentDictionary<double, Scalar> s_reals = new();
    private static readonly ConcurrentDictionary<long, Scalar> s_integers = new();

    public static Scalar Of(double value) => s_reals.GetOrAdd(value, v => v);

    public static Scalar Of(long value) => s_integers.GetOrAdd(value, v => v);
}
