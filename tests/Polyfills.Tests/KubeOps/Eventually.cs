namespace LightReasoner.Polyfills.Tests.KubeOps;

internal static class Eventually
{
    /// <summary>
    /// Waits for a condition that another thread brings about; fails with its text after so long a while that a busy machine gets there
    /// too.
    /// </summary>
    public static async Task TrueAsync(Func<bool> condition, int seconds = 120,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var until = DateTime.UtcNow.AddSeconds(seconds);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < until, $"did not become true in {seconds} s: {text}");
            await Task.Delay(10);
        }
    }
}
