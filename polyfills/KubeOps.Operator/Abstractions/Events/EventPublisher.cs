using k8s;
using k8s.Models;

namespace KubeOps.Abstractions.Events;

public enum EventType
{
    Normal,
    Warning,
}

/// <summary>
/// Writes an event about the entity; the same event again counts up the one that exists. Never throws for want of the API.
/// </summary>
public delegate Task EventPublisher(
    IKubernetesObject<V1ObjectMeta> entity,
    string reason,
    string message,
    EventType type = EventType.Normal,
    CancellationToken cancellationToken = default);
