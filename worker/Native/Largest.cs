using System.Runtime.Intrinsics;

namespace LightReasoner.Worker.Native;

/// <summary>The largest of sixteen values; NaN if one of them is none.</summary>
internal static class Largest
{
    public static float Of(Vector512<float> values)
    {
        var largest = float.NegativeInfinity;
        for (var lane = 0; lane < Vector512<float>.Count; lane++)
            largest = MathF.Max(largest, values[lane]);
        return largest;
    }
}
