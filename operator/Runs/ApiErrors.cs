using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace LightReasoner.Operator.Runs;

/// <summary>What the API server's errors say.</summary>
internal static class ApiErrors
{
    public static bool IsConflict(HttpOperationException e) => e.Response?.StatusCode == HttpStatusCode.Conflict;

    public static bool IsMissing(HttpOperationException e) => e.Response?.StatusCode == HttpStatusCode.NotFound;

    /// <summary>The message of the Status in the answer, or what there is.</summary>
    public static string Message(HttpOperationException e)
    {
        if (e.Response?.Content is { Length: > 0 } content)
        {
            try
            {
                if (KubernetesJson.Deserialize<V1Status>(content)?.Message is { Length: > 0 } message) return message;
            }
            catch (JsonException)
            {
                return content;
            }
        }
        return e.Message;
    }
}
