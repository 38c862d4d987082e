using System.Net;
using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Autorest;
using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Entities;
using KubeOps.Abstractions.Events;
using KubeOps.KubernetesClient;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

/// <summary>The event's name follows from what it says about whom, so that saying it again counts up the one that exists.</summary>
internal sealed class EventWriter(IKubernetesClient client, OperatorSettings settings, TimeProvider time, ILogger<EventWriter> logger)
{
    private const int Attempts = 4;
    private const int MaxMessage = 1024;    // bytes that the API server takes

    public async Task PublishAsync(IKubernetesObject<V1ObjectMeta> entity, string reason, string message, EventType type,
        CancellationToken cancellationToken)
    {
        var ns = entity.Namespace() ?? "default";
        var name = Name(entity, ns, reason, message, type);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await CountAsync(entity, ns, name, reason, message, type, cancellationToken).ConfigureAwait(false);
                    return;
                }
                catch (HttpOperationException e) when (e.Response?.StatusCode == HttpStatusCode.Conflict && attempt < Attempts)
                {
                    // written by another one in between: read again
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.EventFailed(e, reason, ns, entity.Name());
        }
    }

    private async Task CountAsync(
        IKubernetesObject<V1ObjectMeta> entity, string ns, string name, string reason, string message, EventType type,
            CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (await client.GetAsync<Corev1Event>(name, ns, cancellationToken).ConfigureAwait(false) is { } existing)
        {
            existing.Count = (existing.Count ?? 0) + 1;
            existing.LastTimestamp = now;
            await client.UpdateAsync(existing, cancellationToken).ConfigureAwait(false);
            return;
        }

        var created = new Corev1Event
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns },
            InvolvedObject = new V1ObjectReference
            {
                ApiVersion = entity.ApiVersion,
                Kind = entity.Kind,
                Name = entity.Name(),
                NamespaceProperty = entity.Namespace(),
                ResourceVersion = entity.ResourceVersion(),
                Uid = entity.Uid(),
            },
            Type = type.ToString(),
            Reason = reason,
            Message = Cut(message),
            ReportingComponent = settings.Name,
            ReportingInstance = Environment.MachineName,
            Source = new V1EventSource { Component = settings.Name },
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
        };
        await client.CreateAsync(created, cancellationToken).ConfigureAwait(false);
    }

    private static string Name(IKubernetesObject<V1ObjectMeta> entity, string ns, string reason, string message, EventType type)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{entity.Uid()}.{entity.Name()}.{ns}.{reason}.{message}.{type}"));
        var name = entity.Name() ?? "";
        return $"{(name.Length > 200 ? name[..200].TrimEnd('.', '-') : name)}.{Convert.ToHexStringLower(hash, 0, 10)}";
    }

    private static string Cut(string message)
    {
        var text = message;
        while (Encoding.UTF8.GetByteCount(text) > MaxMessage)
        {
            text = text[..(Math.Min(text.Length, MaxMessage) - 16)].TrimEnd() + "…";
        }

        return text;
    }
}
