<?php
/**
 * IDs of processed webhooks.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Tables;

/**
 * Stores the IDs of processed webhooks for longer than igny8 retries a webhook, so that each is processed once.
 */
final class SeenWebhooks {

	const RETENTION = 30 * DAY_IN_SECONDS;

	/**
	 * Whether the webhook was processed.
	 *
	 * @param string $id The webhook-id header.
	 */
	public static function is_processed( string $id ): bool {
		global $wpdb;
		$table = Tables::name( 'igny8_events' );
		return null !== $wpdb->get_var( $wpdb->prepare( "SELECT webhook_id FROM $table WHERE webhook_id = %s", $id ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Marks the webhook as processed.
	 *
	 * @param string $id The webhook-id header.
	 */
	public static function mark_processed( string $id ): void {
		global $wpdb;
		$table = Tables::name( 'igny8_events' );
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $table (webhook_id, received_at) VALUES (%s, %d)", $id, time() ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Deletes expired IDs.
	 */
	public static function sweep(): void {
		global $wpdb;
		$table = Tables::name( 'igny8_events' );
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE received_at < %d", time() - self::RETENTION ) ); // phpcs:ignore WordPress.DB
	}
}
