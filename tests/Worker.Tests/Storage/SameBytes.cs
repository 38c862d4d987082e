namespace LightReasoner.Worker.Tests.Storage;

/// <summary>Compares contents that are too large to be shown.</summary>
internal static class SameBytes
{
    public static void Assert(byte[] expected, byte[] actual)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        Xunit.Assert.Equal(expected.Length, expected.AsSpan().CommonPrefixLength(actual));
    }
}
