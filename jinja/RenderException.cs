namespace LightReasoner.Jinja;

/// <summary>What went wrong while a template ran; <see cref="Template"/> adds the name and the line.</summary>
internal sealed class RenderException(string message) : Exception(message)
{
    internal static RenderException Unsupported(string construct) => new($"{construct} is not supported");
}
