<?php
/**
 * Which webhooks were acted on.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Tables;

/**
 * Their ids, kept for longer than any of them is sent again.
 */
final class SeenWebhooks {

	const KEPT = 30 * DAY_IN_SECONDS;

	/**
	 * Whether it was acted on.
	 *
	 * @param string $id The value of webhook-id.
	 */
	public static function is_done( string $id ): bool {
		global $wpdb;
		$table = Tables::name( 'igny8_events' );
		return null !== $wpdb->get_var( $wpdb->prepare( "SELECT webhook_id FROM $table WHERE webhook_id = %s", $id ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Notes that it was.
	 *
	 * @param string $id The value of webhook-id.
	 */
	public static function done( string $id ): void {
		global $wpdb;
		$table = Tables::name( 'igny8_events' );
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $table (webhook_id, received_at) VALUES (%s, %d)", $id, time() ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Forgets those that nobody sends any more.
	 */
	public static function sweep(): void {
		global $wpdb;
		$table = Tables::name( 'igny8_events' );
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE received_at < %d", time() - self::KEPT ) ); // phpcs:ignore WordPress.DB
	}
}
