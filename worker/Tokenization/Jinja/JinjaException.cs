namespace LightReasoner.Worker.Tokenization.Jinja;

/// <summary>What went wrong while a template ran; <see cref="ChatTemplate"/> adds the name and the line.</summary>
internal sealed class JinjaException(string message) : Exception(message)
{
    internal static JinjaException Unsupported(string construct) => new($"{construct} is not supported");
}
