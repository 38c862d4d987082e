namespace LightReasoner.Worker.Data;

/// <summary>One question of a dataset.</summary>
/// <param name="Id">What identifies the question in samples.</param>
internal sealed record Question(int Index, string Id, string Text, string? Answer = null, string Place = "")
{
    /// <summary>Where the question stands, or else which one it is.</summary>
    internal string Where => Place.Length > 0 ? Place : $"question {Index + 1}";
}
